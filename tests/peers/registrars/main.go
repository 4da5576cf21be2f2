// Registers one instance in a registry, written by a framework's own published module, and keeps it registered until
// stdin ends: then it deregisters as the framework does and exits with status 0.
//
//	registrars FRAMEWORK --registry HOST:PORT --name pay --address 127.0.0.1:9000
//	registrars --version
//
// When it is registered, {"registered":"FRAMEWORK","version":"MODULE VERSION"} is a line of stdout; what the framework
// itself prints may stand before it.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"runtime/debug"
	"strings"
	"time"

	hashicorp "github.com/hashicorp/consul/api"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/naming/endpoints"

	"github.com/cloudwego/kitex/pkg/registry"
	"github.com/cloudwego/kitex/pkg/utils"
	consul "github.com/go-kratos/kratos/contrib/registry/consul/v2"
	etcd "github.com/go-kratos/kratos/contrib/registry/etcd/v2"
	zookeeper "github.com/go-kratos/kratos/contrib/registry/zookeeper/v2"
	kratos "github.com/go-kratos/kratos/v2"
	kratosregistry "github.com/go-kratos/kratos/v2/registry"
	microetcd "github.com/go-micro/plugins/v4/registry/etcd"
	microgrpc "github.com/go-micro/plugins/v4/server/grpc"
	"github.com/go-zookeeper/zk"
	goframeetcd "github.com/gogf/gf/contrib/registry/etcd/v2"
	"github.com/gogf/gf/v2/net/gsvc"
	kitexetcd "github.com/kitex-contrib/registry-etcd"
	"github.com/zeromicro/go-zero/core/discov"
	"github.com/zeromicro/go-zero/core/logx"
	microregistry "go-micro.dev/v4/registry"
	"go-micro.dev/v4/server"
)

// What is registered, and where.
type instance struct{ registry, name, address string }

// A framework: the module that writes, and how it registers. The function that it gives deregisters.
type framework struct {
	module   string
	register func(instance) (func() error, error)
}

var frameworks = map[string]framework{
	"etcd-naming":      {"go.etcd.io/etcd/client/v3", etcdNaming},
	"kratos-etcd":      {"github.com/go-kratos/kratos/contrib/registry/etcd/v2", kratosEtcd},
	"kratos-consul":    {"github.com/go-kratos/kratos/contrib/registry/consul/v2", kratosConsul},
	"kratos-zookeeper": {"github.com/go-kratos/kratos/contrib/registry/zookeeper/v2", kratosZookeeper},
	"go-zero":          {"github.com/zeromicro/go-zero", goZero},
	"kitex":            {"github.com/kitex-contrib/registry-etcd", kitex},
	"go-micro":         {"github.com/go-micro/plugins/v4/registry/etcd", goMicro},
	"goframe":          {"github.com/gogf/gf/contrib/registry/etcd/v2", goFrame},
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "registrars:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) == 1 && arguments[0] == "--version" {
		fmt.Println(versions())
		return nil
	}
	if len(arguments) == 0 {
		return fmt.Errorf("name a framework")
	}
	chosen, known := frameworks[arguments[0]]
	if !known {
		return fmt.Errorf("%q is no framework known here", arguments[0])
	}
	var what instance
	flags := flag.NewFlagSet(arguments[0], flag.ContinueOnError)
	flags.StringVar(&what.registry, "registry", "", "HOST:PORT of the registry")
	flags.StringVar(&what.name, "name", "pay", "the service")
	flags.StringVar(&what.address, "address", "", "HOST:PORT of the instance")
	if err := flags.Parse(arguments[1:]); err != nil {
		return err
	}
	deregister, err := chosen.register(what)
	if err != nil {
		return err
	}
	line := map[string]string{"registered": arguments[0], "version": chosen.module + " " + versionOf(chosen.module)}
	if err := json.NewEncoder(os.Stdout).Encode(line); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	return deregister()
}

func client(registry string) (*clientv3.Client, error) {
	return clientv3.New(clientv3.Config{Endpoints: []string{registry}, DialTimeout: 5 * time.Second})
}

// As etcd's documentation has it: a lease, kept alive, and an endpoint that holds it.
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

// A server of Kratos, as far as its registry hears of one: it says its endpoints by scheme.
type listening struct{ url *url.URL }

func (l listening) Endpoint() (*url.URL, error) { return l.url, nil }
func (listening) Start(context.Context) error   { return nil }
func (listening) Stop(context.Context) error    { return nil }

func kratosApp(what instance, registrar kratosregistry.Registrar) (func() error, error) {
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
	client, err := hashicorp.NewClient(&hashicorp.Config{Address: what.registry})
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

func kitex(what instance) (func() error, error) {
	writer, err := kitexetcd.NewEtcdRegistry([]string{what.registry})
	if err != nil {
		return nil, err
	}
	info := &registry.Info{
		ServiceName: what.name,
		Addr:        utils.NewNetAddr("tcp", what.address),
		Weight:      20,
		Tags:        map[string]string{"idc": "eu"},
	}
	if err := writer.Register(info); err != nil {
		return nil, err
	}
	return func() error { return writer.Deregister(info) }, nil
}

func goMicro(what instance) (func() error, error) {
	writer := microetcd.NewRegistry(microregistry.Addrs(what.registry))
	micro := microgrpc.NewServer(
		server.Name(what.name),
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

// As grpcx's servers do (contrib/rpc/grpcx/grpcx_grpc_server.go): the service, with its protocol in the metadata.
func goFrame(what instance) (func() error, error) {
	ctx := context.Background()
	service := &gsvc.LocalService{
		Name:      what.name,
		Endpoints: gsvc.NewEndpoints(what.address),
		Metadata:  gsvc.Metadata{gsvc.MDProtocol: "grpc", gsvc.MDInsecure: true},
	}
	writer := goframeetcd.New(what.registry)
	registered, err := writer.Register(ctx, service)
	if err != nil {
		return nil, err
	}
	return func() error { return writer.Deregister(ctx, registered) }, nil
}

func versionOf(module string) string {
	if info, known := debug.ReadBuildInfo(); known {
		for _, dependency := range info.Deps {
			if dependency.Path == module {
				return dependency.Version
			}
		}
	}
	return "unknown"
}

func versions() string {
	all := []string{}
	for _, name := range []string{"kratos-etcd", "go-zero", "kitex", "go-micro", "goframe", "etcd-naming"} {
		all = append(all, name+" "+versionOf(frameworks[name].module))
	}
	return "registrars: " + strings.Join(all, ", ")
}
