// Serves one gRPC service with dubbo-go over Triple and registers it as dubbo-go does, until stdin ends: then it shuts
// down as the framework does and exits with status 0.
//
//	dubbo etcdv3 --registry HOST:PORT --mode interface --application pay-app --interface pay.v1.Pay --port 20000
//	dubbo zookeeper --registry HOST:PORT --mode service …
//	dubbo --version
//
// {"serving":"127.0.0.1:PORT","version":"dubbo-go VERSION"} is a line of stdout as soon as it listens; it registers right
// after that. What the framework itself prints may stand around it.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/emptypb"

	"dubbo.apache.org/dubbo-go/v3"
	"dubbo.apache.org/dubbo-go/v3/common"
	"dubbo.apache.org/dubbo-go/v3/common/extension"
	_ "dubbo.apache.org/dubbo-go/v3/filter/accesslog"
	_ "dubbo.apache.org/dubbo-go/v3/filter/echo"
	_ "dubbo.apache.org/dubbo-go/v3/filter/exec_limit"
	_ "dubbo.apache.org/dubbo-go/v3/filter/generic"
	_ "dubbo.apache.org/dubbo-go/v3/filter/graceful_shutdown"
	_ "dubbo.apache.org/dubbo-go/v3/filter/token"
	_ "dubbo.apache.org/dubbo-go/v3/filter/tps"
	_ "dubbo.apache.org/dubbo-go/v3/metadata/mapping/metadata"
	_ "dubbo.apache.org/dubbo-go/v3/metadata/report/etcd"
	_ "dubbo.apache.org/dubbo-go/v3/metadata/report/zookeeper"
	"dubbo.apache.org/dubbo-go/v3/protocol"
	_ "dubbo.apache.org/dubbo-go/v3/protocol/triple"
	_ "dubbo.apache.org/dubbo-go/v3/proxy/proxy_factory"
	"dubbo.apache.org/dubbo-go/v3/registry"
	_ "dubbo.apache.org/dubbo-go/v3/registry/directory"
	_ "dubbo.apache.org/dubbo-go/v3/registry/etcdv3"
	_ "dubbo.apache.org/dubbo-go/v3/registry/protocol"
	_ "dubbo.apache.org/dubbo-go/v3/registry/servicediscovery"
	_ "dubbo.apache.org/dubbo-go/v3/registry/zookeeper"
	"dubbo.apache.org/dubbo-go/v3/server"
)

// Pay is the service: one call that gives back what it got.
type Pay struct{}

// Echo answers.
func (*Pay) Echo(_ context.Context, in *emptypb.Empty) (*emptypb.Empty, error) { return in, nil }

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "dubbo:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) == 1 && arguments[0] == "--version" {
		fmt.Println("dubbo-go " + version())
		return nil
	}
	if len(arguments) == 0 {
		return fmt.Errorf("name a registry: etcdv3 or zookeeper")
	}
	flags := flag.NewFlagSet("dubbo", flag.ContinueOnError)
	address := flags.String("registry", "", "HOST:PORT of the registry")
	mode := flags.String("mode", "interface", "interface, service (one entry for each application) or all")
	application := flags.String("application", "pay-app", "the application's name")
	name := flags.String("interface", "pay.v1.Pay", "the interface's name")
	port := flags.Int("port", 0, "where to listen, on 127.0.0.1")
	if err := flags.Parse(arguments[1:]); err != nil {
		return err
	}
	options := []registry.Option{registry.WithRegistry(arguments[0]), registry.WithAddress(*address)}
	switch *mode {
	case "interface":
		options = append(options, registry.WithRegisterInterface())
	case "all":
		options = append(options, registry.WithRegisterServiceAndInterface())
	case "service":
	default:
		return fmt.Errorf("%q is no mode", *mode)
	}
	instance, err := dubbo.NewInstance(
		dubbo.WithName(*application),
		dubbo.WithRegistry(options...),
		dubbo.WithProtocol(protocol.WithTriple(), protocol.WithIp("127.0.0.1"), protocol.WithPort(*port)),
	)
	if err != nil {
		return err
	}
	serving, err := instance.NewServer()
	if err != nil {
		return err
	}
	if err := serving.Register(&Pay{}, service(*name), server.WithInterface(*name)); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- serving.Serve() }()
	listening := fmt.Sprintf("127.0.0.1:%d", *port)
	for tried := 0; ; tried++ {
		connection, err := net.Dial("tcp", listening)
		if err == nil {
			connection.Close()
			break
		}
		select {
		case err := <-ended:
			return fmt.Errorf("the server ended: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
		if tried > 1500 {
			return fmt.Errorf("nothing listens on %s", listening)
		}
	}
	line := map[string]string{"serving": listening, "version": "dubbo-go " + version()}
	if err := json.NewEncoder(os.Stdout).Encode(line); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	extension.GetProtocol("registry").Destroy()
	return nil
}

func service(name string) *common.ServiceInfo {
	return &common.ServiceInfo{
		InterfaceName: name,
		ServiceType:   (*Pay)(nil),
		Methods: []common.MethodInfo{{
			Name:        "Echo",
			Type:        "unary",
			ReqInitFunc: func() interface{} { return new(emptypb.Empty) },
			MethodFunc: func(ctx context.Context, args []interface{}, handler interface{}) (interface{}, error) {
				return handler.(*Pay).Echo(ctx, args[0].(*emptypb.Empty))
			},
		}},
	}
}

func version() string {
	if info, known := debug.ReadBuildInfo(); known {
		for _, dependency := range info.Deps {
			if dependency.Path == "dubbo.apache.org/dubbo-go/v3" {
				return strings.TrimPrefix(dependency.Version, "v")
			}
		}
	}
	return "unknown"
}
