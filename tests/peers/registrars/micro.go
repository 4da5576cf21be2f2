package main

import (
	"time"

	consul "github.com/go-micro/plugins/v4/registry/consul"
	etcd "github.com/go-micro/plugins/v4/registry/etcd"
	grpc "github.com/go-micro/plugins/v4/server/grpc"
	"go-micro.dev/v4/registry"
	"go-micro.dev/v4/server"
)

// go-micro's own server on gRPC, which registers itself.
func micro(what instance, writer registry.Registry) (func() error, error) {
	micro := grpc.NewServer(
		server.Name(what.name),
		server.Version("v1"),
		server.Address(what.address),
		server.Registry(writer),
		server.RegisterTTL(15*time.Second),
		server.RegisterInterval(5*time.Second),
	)
	if err := micro.Start(); err != nil {
		return nil, err
	}
	return micro.Stop, nil
}

func microEtcd(what instance) (func() error, error) {
	return micro(what, etcd.NewRegistry(registry.Addrs(what.registry)))
}

func microConsul(what instance) (func() error, error) {
	return micro(what, consul.NewRegistry(registry.Addrs(what.registry)))
}
