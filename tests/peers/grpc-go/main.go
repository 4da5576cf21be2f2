// A gRPC server on grpc-go, for the tests of grpc-discover: grpc.health.v1 with statuses set from outside, the
// connection limits that make a real server close connections, and a record of everything that reached it.
//
// stdout has one JSON object per line: first the address it listens on, then every connection and every call. stdin
// has commands (see commands.go); at its end the process exits, so that a failed test leaves nothing behind.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	channelz "google.golang.org/grpc/channelz/service"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
)

// The command line. A duration of 0 keeps grpc-go's own default (no limit).
type settings struct {
	listen             string
	tlsCert, tlsKey    string
	clientCA           string
	maxConnectionIdle  time.Duration
	maxConnectionAge   time.Duration
	maxConnectionGrace time.Duration
	keepaliveMinTime   time.Duration
	keepaliveNoStream  bool
	health             map[string]healthpb.HealthCheckResponse_ServingStatus
	noHealth           bool
	channelz           bool
}

func main() {
	set := settings{health: map[string]healthpb.HealthCheckResponse_ServingStatus{}}
	version := flag.Bool("version", false, "print the version of grpc-go and exit")
	flag.StringVar(&set.listen, "listen", "127.0.0.1:0", "`address` to listen on: host:port (port 0 is free choice) or unix:/path")
	flag.DurationVar(&set.maxConnectionIdle, "max-connection-idle", 0, "GOAWAY on a connection that had no call for so long (MAX_CONNECTION_IDLE)")
	flag.DurationVar(&set.maxConnectionAge, "max-connection-age", 0, "GOAWAY on a connection of this age; grpc-go varies it by 10% (MAX_CONNECTION_AGE)")
	flag.DurationVar(&set.maxConnectionGrace, "max-connection-age-grace", 0, "after that, time for calls to end before the connection is closed by force")
	flag.DurationVar(&set.keepaliveMinTime, "keepalive-min-time", 0, "GOAWAY too_many_pings on a client that pings faster (grpc-go's default: 5m)")
	flag.BoolVar(&set.keepaliveNoStream, "keepalive-without-calls", false, "allow pings on a connection without calls")
	flag.StringVar(&set.tlsCert, "tls-cert", "", "PEM `file` with the certificate chain; turns TLS on")
	flag.StringVar(&set.tlsKey, "tls-key", "", "PEM `file` with its key")
	flag.StringVar(&set.clientCA, "client-ca", "", "PEM `file`; clients must show a certificate signed by it")
	flag.BoolVar(&set.noHealth, "no-health", false, "do not serve grpc.health.v1")
	flag.BoolVar(&set.channelz, "channelz", false, "serve grpc.channelz.v1")
	flag.Func("health", "`SERVICE=STATUS`, repeatable; an empty SERVICE is the server as a whole (SERVING unless set)", func(arg string) error {
		service, word, found := strings.Cut(arg, "=")
		if !found {
			return errors.New("want SERVICE=STATUS")
		}
		status, err := servingStatus(word)
		set.health[service] = status
		return err
	})
	flag.Parse()

	if *version {
		fmt.Println("grpc-go", grpc.Version)
		return
	}
	if flag.NArg() > 0 {
		fail(fmt.Errorf("unexpected argument %q", flag.Arg(0)))
	}
	if err := serve(set); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "grpc-go peer:", err)
	os.Exit(1)
}

func servingStatus(word string) (healthpb.HealthCheckResponse_ServingStatus, error) {
	number, known := healthpb.HealthCheckResponse_ServingStatus_value[word]
	if !known {
		return 0, fmt.Errorf("status %q: want SERVING, NOT_SERVING, UNKNOWN or SERVICE_UNKNOWN", word)
	}
	return healthpb.HealthCheckResponse_ServingStatus(number), nil
}

// serve returns when the server was stopped by a command; at the end of stdin the process exits.
func serve(set settings) error {
	out := &journal{}
	options := []grpc.ServerOption{
		grpc.StatsHandler(calls{out}),
		grpc.KeepaliveParams(keepalive.ServerParameters{
			MaxConnectionIdle:     set.maxConnectionIdle,
			MaxConnectionAge:      set.maxConnectionAge,
			MaxConnectionAgeGrace: set.maxConnectionGrace,
		}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{
			MinTime:             set.keepaliveMinTime,
			PermitWithoutStream: set.keepaliveNoStream,
		}),
	}
	if set.tlsCert != "" || set.tlsKey != "" || set.clientCA != "" {
		config, err := tlsConfig(set)
		if err != nil {
			return err
		}
		options = append(options, grpc.Creds(credentials.NewTLS(config)))
	}

	server := grpc.NewServer(options...)
	statuses := health.NewServer()
	for service, status := range set.health {
		statuses.SetServingStatus(service, status)
	}
	if !set.noHealth {
		healthpb.RegisterHealthServer(server, statuses)
	}
	if set.channelz {
		channelz.RegisterChannelzServiceToServer(server)
	}

	network, address := "tcp", set.listen
	if path, isUnix := strings.CutPrefix(set.listen, "unix:"); isUnix {
		network, address = "unix", path
	}
	listener, err := net.Listen(network, address)
	if err != nil {
		return err
	}
	out.write(line{"listening": listener.Addr().String(), "version": "grpc-go " + grpc.Version})
	go obey(os.Stdin, out, server, statuses)
	err = server.Serve(&watchedListener{Listener: listener, out: out})
	out.event("stopped", line{})
	return err
}

func tlsConfig(set settings) (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(set.tlsCert, set.tlsKey)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert, --tls-key: %w", err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair}}
	if set.clientCA != "" {
		pem, err := os.ReadFile(set.clientCA)
		if err != nil {
			return nil, fmt.Errorf("--client-ca: %w", err)
		}
		config.ClientCAs = x509.NewCertPool()
		if !config.ClientCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("--client-ca: no certificate in %s", set.clientCA)
		}
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return config, nil
}
