module grpc-discover/tests/peers/zk

go 1.26.0

require github.com/go-zookeeper/zk v1.0.3
