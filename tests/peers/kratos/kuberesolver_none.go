//go:build !kratos3

package main

import (
	"errors"

	"google.golang.org/grpc"
)

func withKubernetes(string, string, string, *queries) (grpc.DialOption, error) {
	return nil, errors.New("kuberesolver is linked into the newest version only")
}
