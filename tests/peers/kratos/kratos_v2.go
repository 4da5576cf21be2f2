//go:build !kratos3

package main

import (
	"context"
	"time"

	"github.com/go-kratos/kratos/contrib/registry/consul/v2"
	"github.com/go-kratos/kratos/v2/registry"
	kratos "github.com/go-kratos/kratos/v2/transport/grpc"
	"github.com/hashicorp/consul/api"
	"google.golang.org/grpc"
)

const kratosModule = "github.com/go-kratos/kratos/v2"

func newDiscovery(client *api.Client) registry.Discovery { return consul.New(client) }

func openKratos(ctx context.Context, discovery registry.Discovery, endpoint string, timeout time.Duration, options []grpc.DialOption) (*grpc.ClientConn, error) {
	return kratos.DialInsecure(ctx,
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
