// Registers one instance in a registry, written by a framework's own published module, and keeps it registered until
// stdin ends: then it deregisters as the framework does and exits with status 0.
//
//	registrars FRAMEWORK --registry HOST:PORT --name pay --address 127.0.0.1:9000
//	registrars --version
//
// When it is registered, {"registered":"FRAMEWORK","version":"MODULE VERSION"} is printed as a line on stdout; output
// of the framework itself may precede it.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"
)

// What is registered, and where.
type instance struct{ registry, name, address string }

// A framework: the module that writes, and how it registers. The function that it returns deregisters.
type framework struct {
	module   string
	register func(instance) (func() error, error)
}

var frameworks = map[string]framework{
	"etcd-naming":      {"go.etcd.io/etcd/client/v3", etcdNaming},
	"go-zero":          {"github.com/zeromicro/go-zero", goZero},
	"kratos-etcd":      {"github.com/go-kratos/kratos/contrib/registry/etcd/v2", kratosEtcd},
	"kratos-consul":    {"github.com/go-kratos/kratos/contrib/registry/consul/v2", kratosConsul},
	"kratos-zookeeper": {"github.com/go-kratos/kratos/contrib/registry/zookeeper/v2", kratosZookeeper},
	"kratos-eureka":    {"github.com/go-kratos/kratos/contrib/registry/eureka/v2", kratosEureka},
	"kitex-etcd":       {"github.com/kitex-contrib/registry-etcd", kitexEtcd},
	"kitex-consul":     {"github.com/kitex-contrib/registry-consul", kitexConsul},
	"kitex-zookeeper":  {"github.com/kitex-contrib/registry-zookeeper", kitexZookeeper},
	"kitex-eureka":     {"github.com/kitex-contrib/registry-eureka", kitexEureka},
	"go-micro-etcd":    {"github.com/go-micro/plugins/v4/registry/etcd", microEtcd},
	"go-micro-consul":  {"github.com/go-micro/plugins/v4/registry/consul", microConsul},
	"goframe-etcd":     {"github.com/gogf/gf/contrib/registry/etcd/v2", goFrameEtcd},
	"goframe-consul":   {"github.com/gogf/gf/contrib/registry/consul/v2", goFrameConsul},
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
	for name, framework := range frameworks {
		all = append(all, name+" "+versionOf(framework.module))
	}
	slices.Sort(all)
	return "registrars: " + strings.Join(all, ", ")
}
