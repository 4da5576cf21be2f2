// A client on Kratos or on plain grpc-go, for the tests of grpc-discover: what it really holds, notices and returns
// when its channel goes idle, its registry fails, or its servers move.
//
//	kratos --consul 127.0.0.1:8500 --service pay --idle 5s        one channel through Kratos and its Consul plugin
//	kratos --consul 127.0.0.1:8500 --service pay --idle 5s,0      two channels over one Registry object
//	kratos --target dns://127.0.0.1:53/pay.test:50051 --idle 5s   one channel without Kratos: grpc-go's own resolver
//	kratos --etcd 127.0.0.1:2379 --target etcd:///pay --idle 5s   the same, with etcd's own resolver (newest version only)
//	kratos --kubernetes https://127.0.0.1:6443 --authority ca.pem --token T --target kubernetes:///pay.ns --idle 5s
//	                                                              the same, with kuberesolver (newest version only)
//
// stdout has one JSON object per line: first the versions, then events and replies (see the README of the peers).
// stdin has commands (see commands.go); at its end the process exits, so that a failed test leaves nothing behind.
// Kratos logs to stderr.
//
// One source serves every version: a file under versions/ is its go.mod, and kratos_v2.go and kratos_v3.go contain
// what differs between the majors.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// The command line.
type settings struct {
	consul, service string
	target, etcd    string
	kubernetes      cluster
	idle            []time.Duration
	timeout         time.Duration
	listen          string
}

// An API server, and the credentials for it.
type cluster struct{ server, authority, token string }

func main() {
	set := settings{}
	version := flag.Bool("version", false, "print the versions and exit")
	idle := flag.String("idle", "30m", "idle `timeouts`, one channel for each, separated by commas; 0 is never idle")
	flag.StringVar(&set.consul, "consul", "", "`address` of the Consul agent that Kratos asks")
	flag.StringVar(&set.service, "service", "pay", "the service's `name` in Consul")
	flag.StringVar(&set.target, "target", "", "instead of --consul: a `target` that grpc-go resolves itself, without Kratos")
	flag.StringVar(&set.etcd, "etcd", "", "`address` of the etcd whose resolver --target is for")
	flag.StringVar(&set.kubernetes.server, "kubernetes", "", "`URL` of the API server that kuberesolver asks for --target")
	flag.StringVar(&set.kubernetes.authority, "authority", "", "`file` with the certificate that signs the API server's")
	flag.StringVar(&set.kubernetes.token, "token", "", "bearer `token` for the API server")
	flag.DurationVar(&set.timeout, "timeout", 2*time.Second, "Kratos's client timeout; without Kratos, that of a call (0: none)")
	flag.StringVar(&set.listen, "listen", "", "`address` of Kratos's own gRPC server, which serves channelz since 2.5.4")
	flag.Parse()

	if *version {
		fmt.Println(versions())
		return
	}
	if flag.NArg() > 0 {
		fail(fmt.Errorf("unexpected argument %q", flag.Arg(0)))
	}
	if (set.consul == "") == (set.target == "") {
		fail(errors.New("want either --consul or --target"))
	}
	for _, word := range strings.Split(*idle, ",") {
		after, err := time.ParseDuration(word)
		if err != nil {
			fail(fmt.Errorf("--idle: %w", err))
		}
		set.idle = append(set.idle, after)
	}
	if err := run(set); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "kratos peer:", err)
	os.Exit(1)
}

// versions reads the versions that are actually linked.
func versions() string {
	linked := map[string]string{}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			linked[module.Path] = strings.TrimPrefix(module.Version, "v")
		}
	}
	return fmt.Sprintf("kratos %s, grpc-go %s", linked[kratosModule], linked["google.golang.org/grpc"])
}

// run returns only with an error; at the end of stdin the process exits.
func run(set settings) error {
	out := &journal{}
	first := line{"version": versions()}
	if set.listen != "" {
		address, err := serveOwn(set.listen)
		if err != nil {
			return err
		}
		first["listening"] = address
	}
	out.write(first)

	balancers := record(out, "selector", "pick_first")
	queries := &queries{out: out}
	open, err := opener(set, queries)
	if err != nil {
		return err
	}
	channels := make([]*channel, 0, len(set.idle))
	for number, after := range set.idle {
		c := &channel{number: number + 1, timeout: set.timeout, held: balancers.of(number + 1), queries: queries}
		// A balancer recognizes its channel by the user agent.
		c.conn, err = open(grpc.WithIdleTimeout(after), grpc.WithUserAgent(agent(c.number)))
		if err != nil {
			return fmt.Errorf("channel %d: %w", c.number, err)
		}
		go c.tell(out)
		channels = append(channels, c)
	}
	out.event("ready", line{"channels": len(channels)})
	obey(os.Stdin, out, channels)
	return nil
}

// opener creates the channels: all those through Kratos share one Registry object.
func opener(set settings, queries *queries) (func(...grpc.DialOption) (*grpc.ClientConn, error), error) {
	if set.target != "" {
		resolvers := grpc.WithResolvers()
		if set.etcd != "" {
			var err error
			if resolvers, err = withEtcd(set.etcd); err != nil {
				return nil, err
			}
		}
		if api := set.kubernetes; api.server != "" {
			var err error
			if resolvers, err = withKubernetes(api.server, api.authority, api.token, queries); err != nil {
				return nil, err
			}
		}
		return func(options ...grpc.DialOption) (*grpc.ClientConn, error) {
			// The default of grpc-go, set explicitly: its own default is bound to pick_first before a recorder can be put
			// there.
			options = append(options, resolvers, grpc.WithTransportCredentials(insecure.NewCredentials()),
				grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"pick_first": {}}]}`))
			return grpc.Dial(set.target, options...)
		}, nil
	}
	client, err := queries.client(set.consul)
	if err != nil {
		return nil, err
	}
	discovery := newDiscovery(client)
	return func(options ...grpc.DialOption) (*grpc.ClientConn, error) {
		return openKratos(context.Background(), discovery, "discovery:///"+set.service, set.timeout, options)
	}, nil
}
