package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
)

type line map[string]any

// journal writes one JSON object a line to stdout, each in one piece.
type journal struct{ lock sync.Mutex }

func (j *journal) write(l line) {
	text, err := json.Marshal(l)
	if err != nil {
		fail(err)
	}
	j.lock.Lock()
	defer j.lock.Unlock()
	if _, err := os.Stdout.Write(append(text, '\n')); err != nil {
		os.Exit(0) // the reader closed its end
	}
}

func (j *journal) event(name string, l line) {
	l["event"] = name
	l["time"] = time.Now().UnixMilli()
	j.write(l)
}

// watchedListener reports connections as the kernel accepts them, before TLS and before HTTP/2, so that a client that
// only opens a connection is seen too.
type watchedListener struct {
	net.Listener
	out   *journal
	count atomic.Int64
}

func (l *watchedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	watched := &watchedConn{Conn: conn, out: l.out, number: l.count.Add(1)}
	l.out.event("opened", line{"connection": watched.number, "remote": conn.RemoteAddr().String()})
	return watched, nil
}

// watchedConn remembers how reading ended: this tells whether the client or the server closed the connection.
type watchedConn struct {
	net.Conn
	out    *journal
	number int64
	ended  atomic.Value // string
	once   sync.Once
}

func (c *watchedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	switch {
	case err == nil || errors.Is(err, net.ErrClosed):
	case errors.Is(err, io.EOF):
		c.ended.CompareAndSwap(nil, "client")
	case errors.Is(err, syscall.ECONNRESET):
		c.ended.CompareAndSwap(nil, "reset")
	default:
		c.ended.CompareAndSwap(nil, err.Error())
	}
	return n, err
}

func (c *watchedConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() {
		by := c.ended.Load()
		if by == nil {
			by = "server"
		}
		c.out.event("closed", line{"connection": c.number, "remote": c.RemoteAddr().String(), "by": by})
	})
	return err
}

// calls reports every call when its headers have come and when it has ended.
type calls struct{ out *journal }

type methodKey struct{}

func (calls) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, methodKey{}, info.FullMethodName)
}

func (c calls) HandleRPC(ctx context.Context, s stats.RPCStats) {
	l := line{"method": ctx.Value(methodKey{})}
	if from, ok := peer.FromContext(ctx); ok {
		l["remote"] = from.Addr.String()
	}
	switch s := s.(type) {
	case *stats.InHeader:
		l["authority"] = first(s.Header, ":authority")
		l["user_agent"] = first(s.Header, "user-agent")
		c.out.event("call", l)
	case *stats.End:
		l["code"] = status.Code(s.Error).String()
		c.out.event("call-ended", l)
	}
}

func (calls) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (calls) HandleConn(context.Context, stats.ConnStats)                       {}

func first(header metadata.MD, key string) string {
	if values := header.Get(key); len(values) > 0 {
		return values[0]
	}
	return ""
}
