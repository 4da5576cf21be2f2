package main

import (
	"context"

	consul "github.com/gogf/gf/contrib/registry/consul/v2"
	etcd "github.com/gogf/gf/contrib/registry/etcd/v2"
	"github.com/gogf/gf/v2/net/gsvc"
)

// As grpcx's servers do (contrib/rpc/grpcx/grpcx_grpc_server.go): the service, with its protocol in the metadata.
func goFrame(what instance, writer gsvc.Registry, err error) (func() error, error) {
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	service := &gsvc.LocalService{
		Name:      what.name,
		Endpoints: gsvc.NewEndpoints(what.address),
		Metadata:  gsvc.Metadata{gsvc.MDProtocol: "grpc", gsvc.MDInsecure: true},
	}
	registered, err := writer.Register(ctx, service)
	if err != nil {
		return nil, err
	}
	return func() error { return writer.Deregister(ctx, registered) }, nil
}

func goFrameEtcd(what instance) (func() error, error) {
	return goFrame(what, etcd.New(what.registry), nil)
}

func goFrameConsul(what instance) (func() error, error) {
	writer, err := consul.New(consul.WithAddress(what.registry))
	return goFrame(what, writer, err)
}
