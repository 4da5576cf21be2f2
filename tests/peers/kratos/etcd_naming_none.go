//go:build !kratos3

package main

import (
	"errors"

	"google.golang.org/grpc"
)

func withEtcd(string) (grpc.DialOption, error) {
	return nil, errors.New("etcd's resolver is linked into the newest version only")
}
