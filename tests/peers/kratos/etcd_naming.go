//go:build kratos3

package main

import (
	clientv3 "go.etcd.io/etcd/client/v3"
	naming "go.etcd.io/etcd/client/v3/naming/resolver"
	"google.golang.org/grpc"
)

// withEtcd is etcd's own resolver, as in its documentation: targets are etcd:///SERVICE.
func withEtcd(address string) (grpc.DialOption, error) {
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{address}})
	if err != nil {
		return nil, err
	}
	builder, err := naming.NewBuilder(client)
	return grpc.WithResolvers(builder), err
}
