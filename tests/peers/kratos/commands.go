package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

// channel is one gRPC channel and its state.
type channel struct {
	number  int
	conn    *grpc.ClientConn
	timeout time.Duration
	held    *held
	queries *queries
}

// tell reports every change of state that is still visible when it checks: a state that is left at once may be
// missed.
func (c *channel) tell(out *journal) {
	for last := connectivity.State(-1); ; {
		now := c.conn.GetState()
		if now != last {
			out.event("state-change", line{"channel": c.number, "state": now.String()})
			last = now
		}
		c.conn.WaitForStateChange(context.Background(), now)
	}
}

// obey reads one command per line and replies to each with a line on stdout that has the number of the command (1 for
// the first):
//
//	call [CHANNEL]    one grpc.health.v1 Check; answered when it has ended, other commands meanwhile
//	state [CHANNEL]   the connectivity state, the addresses that the load balancer was given last, the queries to Consul
//
// The process exits at the end of the input, whatever is still running.
func obey(in io.Reader, out *journal, channels []*channel) {
	commands := bufio.NewScanner(in)
	for number := 1; commands.Scan(); number++ {
		verb, c, err := command(commands.Text(), channels)
		switch {
		case err != nil:
			out.event("refused", line{"command": number, "error": err.Error()})
		case verb == "call":
			go c.call(number, out)
		default:
			out.event("state", c.state(number))
		}
	}
	os.Exit(0)
}

func command(text string, channels []*channel) (string, *channel, error) {
	words := strings.Fields(text)
	if len(words) == 0 || len(words) > 2 || (words[0] != "call" && words[0] != "state") {
		return "", nil, fmt.Errorf("%q: want: call [CHANNEL] or state [CHANNEL]", text)
	}
	number := 1
	if len(words) == 2 {
		var err error
		if number, err = strconv.Atoi(words[1]); err != nil || number < 1 || number > len(channels) {
			return "", nil, fmt.Errorf("%q: want a channel from 1 to %d", text, len(channels))
		}
	}
	return words[0], channels[number-1], nil
}

func (c *channel) call(number int, out *journal) {
	ctx := context.Background()
	if c.timeout > 0 {
		// Kratos sets the same limit itself.
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.timeout)
		defer cancel()
	}
	from, start := peer.Peer{}, time.Now()
	_, err := healthpb.NewHealthClient(c.conn).Check(ctx, &healthpb.HealthCheckRequest{}, grpc.Peer(&from))
	l := line{
		"command": number, "channel": c.number, "code": status.Code(err).String(), "text": status.Convert(err).Message(),
		"began": start.UnixMilli(), "ms": float64(time.Since(start).Microseconds()) / 1000,
	}
	if from.Addr != nil {
		l["peer"] = from.Addr.String()
	}
	out.event("called", l)
}

func (c *channel) state(number int) line {
	l := line{"command": number, "channel": c.number, "state": c.conn.GetState().String()}
	c.held.describe(l)
	c.queries.describe(l)
	return l
}
