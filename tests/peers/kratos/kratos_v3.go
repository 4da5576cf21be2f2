//go:build kratos3

package main

import (
	"context"
	"time"

	"github.com/go-kratos/kratos/contrib/registry/consul/v2"
	older "github.com/go-kratos/kratos/v2/registry"
	"github.com/go-kratos/kratos/v3/registry"
	kratos "github.com/go-kratos/kratos/v3/transport/grpc"
	_ "github.com/go-kratos/kratos/v3/transport/http" // without it 3.0.0 crashes at the first READY: the selector is not set yet
	"github.com/hashicorp/consul/api"
	"google.golang.org/grpc"
)

const kratosModule = "github.com/go-kratos/kratos/v3"

// newDiscovery uses the Consul plugin of 2.9.2: that of 3.0.0 has the same source except for import paths and log
// messages, and not every Go proxy has it. Only the types of the two majors are translated here.
func newDiscovery(client *api.Client) registry.Discovery { return discovery{consul.New(client)} }

type discovery struct{ older.Discovery }

func (d discovery) GetService(ctx context.Context, name string) ([]*registry.ServiceInstance, error) {
	instances, err := d.Discovery.GetService(ctx, name)
	return newer(instances), err
}

func (d discovery) Watch(ctx context.Context, name string) (registry.Watcher, error) {
	inner, err := d.Discovery.Watch(ctx, name)
	if err != nil {
		return nil, err
	}
	return watcher{inner}, nil
}

type watcher struct{ older.Watcher }

func (w watcher) Next() ([]*registry.ServiceInstance, error) {
	instances, err := w.Watcher.Next()
	return newer(instances), err
}

func newer(instances []*older.ServiceInstance) []*registry.ServiceInstance {
	translated := make([]*registry.ServiceInstance, 0, len(instances))
	for _, i := range instances {
		translated = append(translated, &registry.ServiceInstance{
			ID: i.ID, Name: i.Name, Version: i.Version, Metadata: i.Metadata, Endpoints: i.Endpoints,
		})
	}
	return translated
}

func openKratos(ctx context.Context, discovery registry.Discovery, endpoint string, timeout time.Duration, options []grpc.DialOption) (*grpc.ClientConn, error) {
	return kratos.NewClient(ctx,
		kratos.WithEndpoint(endpoint),
		kratos.WithDiscovery(discovery),
		kratos.WithTimeout(timeout),
		kratos.WithOptions(options...),
	)
}

// serveOwn starts Kratos's gRPC server as any Kratos service does.
func serveOwn(address string) (string, error) {
	server := kratos.NewServer(kratos.Address(address))
	endpoint, err := server.Endpoint()
	if err != nil {
		return "", err
	}
	go func() { fail(server.Start(context.Background())) }()
	return endpoint.Host, nil
}
