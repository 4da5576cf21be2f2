//go:build kratos3

package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/sercand/kuberesolver/v6"
	"google.golang.org/grpc"
)

// withKubernetes is sercand/kuberesolver, as in its documentation: targets are kubernetes:///SERVICE.NAMESPACE. Its
// own client reads files at fixed paths in a pod; this one reads other paths, and its requests are recorded.
func withKubernetes(server, authority, token string, queries *queries) (grpc.DialOption, error) {
	pem, err := os.ReadFile(authority)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", authority)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	client := apiServer{server, token, &http.Client{Transport: seen{transport, queries}}}
	return grpc.WithResolvers(kuberesolver.NewBuilder(client, "kubernetes")), nil
}

type apiServer struct {
	host, token string
	*http.Client
}

func (a apiServer) Host() string { return a.host }

func (a apiServer) GetRequest(url string) (*http.Request, error) {
	if !strings.HasPrefix(url, a.host) {
		url = a.host + "/" + url
	}
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err == nil {
		request.Header.Set("Authorization", "Bearer "+a.token)
	}
	return request, err
}
