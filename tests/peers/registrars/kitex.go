package main

import (
	"time"

	"github.com/cloudwego/kitex/pkg/registry"
	"github.com/cloudwego/kitex/pkg/utils"
	consul "github.com/kitex-contrib/registry-consul"
	etcd "github.com/kitex-contrib/registry-etcd"
	eureka "github.com/kitex-contrib/registry-eureka/registry"
	zookeeper "github.com/kitex-contrib/registry-zookeeper/registry"
)

// What kitex's servers pass to their registry.
func kitex(what instance, writer registry.Registry, err error) (func() error, error) {
	if err != nil {
		return nil, err
	}
	info := &registry.Info{
		ServiceName: what.name,
		Addr:        utils.NewNetAddr("tcp", what.address),
		Weight:      20,
		Tags:        map[string]string{"idc": "eu"},
	}
	if err := writer.Register(info); err != nil {
		return nil, err
	}
	return func() error { return writer.Deregister(info) }, nil
}

func kitexEtcd(what instance) (func() error, error) {
	writer, err := etcd.NewEtcdRegistry([]string{what.registry})
	return kitex(what, writer, err)
}

func kitexConsul(what instance) (func() error, error) {
	writer, err := consul.NewConsulRegister(what.registry)
	return kitex(what, writer, err)
}

func kitexZookeeper(what instance) (func() error, error) {
	writer, err := zookeeper.NewZookeeperRegistry([]string{what.registry}, 10*time.Second)
	return kitex(what, writer, err)
}

func kitexEureka(what instance) (func() error, error) {
	writer := eureka.NewEurekaRegistry([]string{"http://" + what.registry + "/eureka"}, 10*time.Second)
	return kitex(what, writer, nil)
}
