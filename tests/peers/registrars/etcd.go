package main

import (
	"context"
	"time"

	"github.com/zeromicro/go-zero/core/discov"
	"github.com/zeromicro/go-zero/core/logx"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/naming/endpoints"
)

func client(registry string) (*clientv3.Client, error) {
	return clientv3.New(clientv3.Config{Endpoints: []string{registry}, DialTimeout: 5 * time.Second})
}

// As in etcd's documentation: a lease that is kept alive, and an endpoint attached to it.
func etcdNaming(what instance) (func() error, error) {
	client, err := client(what.registry)
	if err != nil {
		return nil, err
	}
	manager, err := endpoints.NewManager(client, what.name)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	lease, err := client.Grant(ctx, 15)
	if err != nil {
		return nil, err
	}
	alive, err := client.KeepAlive(ctx, lease.ID)
	if err != nil {
		return nil, err
	}
	go func() {
		for range alive {
		}
	}()
	key := what.name + "/" + what.address
	endpoint := endpoints.Endpoint{Addr: what.address}
	if err := manager.AddEndpoint(ctx, key, endpoint, clientv3.WithLease(lease.ID)); err != nil {
		return nil, err
	}
	return func() error { return manager.DeleteEndpoint(ctx, key) }, nil
}

// What zrpc's servers do (zrpc/internal/rpcpubserver.go).
func goZero(what instance) (func() error, error) {
	logx.Disable()
	publisher := discov.NewPublisher([]string{what.registry}, what.name, what.address)
	if err := publisher.KeepAlive(); err != nil {
		return nil, err
	}
	return func() error {
		publisher.Stop()
		// It revokes its lease beside the call.
		time.Sleep(500 * time.Millisecond)
		return nil
	}, nil
}
