package main

import (
	"context"
	"fmt"
	"net/url"
	"time"

	consul "github.com/go-kratos/kratos/contrib/registry/consul/v2"
	etcd "github.com/go-kratos/kratos/contrib/registry/etcd/v2"
	eureka "github.com/go-kratos/kratos/contrib/registry/eureka/v2"
	zookeeper "github.com/go-kratos/kratos/contrib/registry/zookeeper/v2"
	"github.com/go-kratos/kratos/v2"
	"github.com/go-kratos/kratos/v2/registry"
	"github.com/go-zookeeper/zk"
	"github.com/hashicorp/consul/api"
)

// A Kratos server as its registry sees it: it lists its endpoints by scheme.
type listening struct{ url *url.URL }

func (l listening) Endpoint() (*url.URL, error) { return l.url, nil }
func (listening) Start(context.Context) error   { return nil }
func (listening) Stop(context.Context) error    { return nil }

func kratosApp(what instance, registrar registry.Registrar) (func() error, error) {
	registered := make(chan struct{})
	http := &url.URL{Scheme: "http", Host: "127.0.0.1:8000"}
	grpc := &url.URL{Scheme: "grpc", Host: what.address}
	app := kratos.New(
		kratos.Name(what.name),
		kratos.Version("v1"),
		kratos.Server(listening{http}, listening{grpc}),
		kratos.Registrar(registrar),
		kratos.AfterStart(func(context.Context) error {
			close(registered)
			return nil
		}),
	)
	ended := make(chan error, 1)
	go func() { ended <- app.Run() }()
	select {
	case <-registered:
		return func() error {
			if err := app.Stop(); err != nil {
				return err
			}
			return <-ended
		}, nil
	case err := <-ended:
		return nil, fmt.Errorf("the app ended: %w", err)
	}
}

func kratosEtcd(what instance) (func() error, error) {
	client, err := client(what.registry)
	if err != nil {
		return nil, err
	}
	return kratosApp(what, etcd.New(client))
}

func kratosConsul(what instance) (func() error, error) {
	client, err := api.NewClient(&api.Config{Address: what.registry})
	if err != nil {
		return nil, err
	}
	return kratosApp(what, consul.New(client, consul.WithHealthCheck(false), consul.WithHeartbeat(false)))
}

func kratosZookeeper(what instance) (func() error, error) {
	client, _, err := zk.Connect([]string{what.registry}, 10*time.Second, zk.WithLogInfo(false))
	if err != nil {
		return nil, err
	}
	deregister, err := kratosApp(what, zookeeper.New(client))
	if err != nil {
		return nil, err
	}
	return func() error {
		defer client.Close()
		return deregister()
	}, nil
}

// Its path is Netflix's (eureka/v2) unless it is set to that of Spring's server.
func kratosEureka(what instance) (func() error, error) {
	writer, err := eureka.New([]string{"http://" + what.registry}, eureka.WithEurekaPath("eureka"))
	if err != nil {
		return nil, err
	}
	return kratosApp(what, writer)
}
