// Writes an instance into the pod of its own name as Kratos' Kubernetes registry does (labels and annotations), and keeps it
// there until stdin ends: then it deregisters as that registry does and exits with status 0. Or watches as its clients do.
//
//	kratos-pods register --server https://HOST:PORT --ca FILE --token T --name pay --endpoints grpc://10.1.0.1:9000,http://…
//	kratos-pods watch    --server https://HOST:PORT --ca FILE --token T --name pay --namespace prod
//	kratos-pods --version
//
// The pod is named by HOSTNAME and its namespace by /var/run/secrets/kubernetes.io/serviceaccount/namespace: the module
// knows no other way. `register` prints {"registered":…} when it is done, `watch` {"instances":[[URL,…],…]} for every change.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"time"

	kuberegistry "github.com/go-kratos/kratos/contrib/registry/kubernetes/v2"
	"github.com/go-kratos/kratos/v2/registry"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

const module = "github.com/go-kratos/kratos/contrib/registry/kubernetes/v2"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "kratos-pods:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) == 1 && arguments[0] == "--version" {
		fmt.Println("kratos-pods:", version())
		return nil
	}
	if len(arguments) == 0 {
		return fmt.Errorf("say register or watch")
	}
	var server, ca, token, name, endpoints, namespace string
	flags := flag.NewFlagSet(arguments[0], flag.ContinueOnError)
	flags.StringVar(&server, "server", "", "URL of the API server")
	flags.StringVar(&ca, "ca", "", "PEM file with its authority")
	flags.StringVar(&token, "token", "", "who asks")
	flags.StringVar(&name, "name", "pay", "the service")
	flags.StringVar(&endpoints, "endpoints", "", "URLs of the instance")
	flags.StringVar(&namespace, "namespace", "default", "where to watch")
	if err := flags.Parse(arguments[1:]); err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(&rest.Config{
		Host: server, BearerToken: token, TLSClientConfig: rest.TLSClientConfig{CAFile: ca},
	})
	if err != nil {
		return err
	}
	switch arguments[0] {
	case "register":
		return register(client, &registry.ServiceInstance{
			ID: "i-1", Name: name, Version: "v1", Metadata: map[string]string{"weight": "7"},
			Endpoints: strings.Split(endpoints, ","),
		})
	case "watch":
		return watch(client, namespace, name)
	default:
		return fmt.Errorf("%q is neither register nor watch", arguments[0])
	}
}

func register(client *kubernetes.Clientset, instance *registry.ServiceInstance) error {
	pods := kuberegistry.NewRegistry(client, kuberegistry.GetNamespace())
	limit, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := pods.Register(limit, instance); err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(map[string]string{"registered": "kratos-pods", "version": version()}); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	limit, cancel = context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return pods.Deregister(limit, instance)
}

func watch(client *kubernetes.Clientset, namespace, name string) error {
	pods := kuberegistry.NewRegistry(client, namespace)
	watcher, err := pods.Watch(context.Background(), name)
	if err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	go pods.Start()
	for {
		instances, err := watcher.Next()
		if err != nil {
			return err
		}
		urls := [][]string{}
		for _, instance := range instances {
			urls = append(urls, instance.Endpoints)
		}
		if err := json.NewEncoder(os.Stdout).Encode(map[string][][]string{"instances": urls}); err != nil {
			return err
		}
	}
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dependency := range info.Deps {
			if dependency.Path == module {
				return dependency.Version
			}
		}
	}
	return "unknown"
}
