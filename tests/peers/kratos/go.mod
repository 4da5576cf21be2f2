// The versions are under versions/, one go.mod for each: go build -modfile=versions/2.7.2.mod. Go wants a file of this
// name here and does not read it then.
module grpc-discover/tests/peers/kratos

go 1.26.0
