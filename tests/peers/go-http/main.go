// gRPC on Go's net/http, for the tests of grpc-discover. --server chooses what answers:
//
//	net-http       a handler of net/http that writes the gRPC response itself
//	serve-http     grpc-go's Server.ServeHTTP
//	connect        connect-go with grpchealth
//	reverse-proxy  httputil.ReverseProxy in front of the gRPC server that --backend names
//
// All of them accept HTTP/1.1 and HTTP/2 with prior knowledge (h2c) on a loopback port.
// stdout carries one JSON object: where it listens. At the end of stdin the process exits.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"runtime"

	"connectrpc.com/connect"
	"connectrpc.com/grpchealth"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "`address` to listen on (port 0 is a free port)")
	server := flag.String("server", "net-http", "net-http, serve-http, connect or reverse-proxy")
	backend := flag.String("backend", "", "`host:port` of the gRPC server behind reverse-proxy")
	version := flag.Bool("version", false, "print the versions and exit")
	flag.Parse()
	if *version {
		fmt.Println(runtime.Version(), "grpc-go", grpc.Version, "connect-go", connect.Version)
		return
	}
	if err := serve(*server, *listen, *backend); err != nil {
		fmt.Fprintln(os.Stderr, "go-http peer:", err)
		os.Exit(1)
	}
}

func serve(server, listen, backend string) error {
	handler, err := handlerOf(server, backend)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	line, err := json.Marshal(map[string]string{"listening": listener.Addr().String(), "server": server})
	if err != nil {
		return err
	}
	fmt.Println(string(line))
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	return (&http.Server{Handler: handler, Protocols: protocols()}).Serve(listener)
}

func handlerOf(server, backend string) (http.Handler, error) {
	switch server {
	case "net-http":
		return http.HandlerFunc(check), nil
	case "serve-http":
		statuses := grpc.NewServer()
		healthpb.RegisterHealthServer(statuses, health.NewServer())
		return statuses, nil
	case "connect":
		mux := http.NewServeMux()
		mux.Handle(grpchealth.NewHandler(grpchealth.NewStaticChecker()))
		return mux, nil
	case "reverse-proxy":
		return reverseProxy(backend)
	}
	return nil, fmt.Errorf("--server %q: expected net-http, serve-http, connect or reverse-proxy", server)
}

func protocols() *http.Protocols {
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return protocols
}

// check answers Health/Check with SERVING: a length-prefixed HealthCheckResponse, then grpc-status as a trailer.
func check(response http.ResponseWriter, request *http.Request) {
	response.Header().Set("content-type", "application/grpc")
	if request.URL.Path != "/grpc.health.v1.Health/Check" {
		response.Header().Set("grpc-status", "12")
		return
	}
	response.Header().Set("trailer", "grpc-status")
	_, _ = response.Write([]byte{0, 0, 0, 0, 2, 8, 1})
	response.Header().Set("grpc-status", "0")
}

func reverseProxy(backend string) (http.Handler, error) {
	if backend == "" {
		return nil, fmt.Errorf("reverse-proxy: --backend is missing")
	}
	protocols := &http.Protocols{}
	protocols.SetUnencryptedHTTP2(true)
	return &httputil.ReverseProxy{
		Rewrite: func(request *httputil.ProxyRequest) {
			request.SetURL(&url.URL{Scheme: "http", Host: backend})
			// A proxy that does not pass `te` on makes grpc-go refuse the call.
			request.Out.Header.Set("te", "trailers")
		},
		Transport: &http.Transport{Protocols: protocols},
		// gRPC streams: every message is passed on at once.
		FlushInterval: -1,
	}, nil
}
