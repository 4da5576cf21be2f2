// etcd's own server out of its published modules: https://github.com/etcd-io/etcd server/main.go, and nothing else.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() {
	etcdmain.Main(os.Args)
}
