package main

import (
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"
)

// held is what the load balancer of one channel was given: the only reliable record of what a resolver passed on.
type held struct {
	lock    sync.Mutex
	open    int       // open balancers: none while the channel is idle
	holds   []string  // the newest list, kept when its balancer is closed
	updates int       // number of lists so far
	updated time.Time // time of the newest list
}

func (h *held) describe(l line) {
	h.lock.Lock()
	defer h.lock.Unlock()
	l["balancer"] = h.open > 0
	l["holds"] = append([]string{}, h.holds...)
	l["updates"] = h.updates
	if h.updates > 0 {
		l["updated"] = h.updated.UnixMilli()
	}
}

// ledger maps the number of a channel to its held.
type ledger struct {
	out  *journal
	lock sync.Mutex
	all  map[int]*held
}

func (l *ledger) of(channel int) *held {
	l.lock.Lock()
	defer l.lock.Unlock()
	if l.all[channel] == nil {
		l.all[channel] = &held{}
	}
	return l.all[channel]
}

// agent is the user agent of a channel, and whose parses it: grpc-go appends its own name. Other channels, such as
// that of etcd's client, have number 0.
func agent(channel int) string { return fmt.Sprintf("channel-%d", channel) }

func whose(agent string) (channel int) {
	_, _ = fmt.Sscanf(agent, "channel-%d", &channel)
	return channel
}

// record puts a recorder in front of each of the load balancers with these names. They work as before.
func record(out *journal, names ...string) *ledger {
	books := &ledger{out: out, all: map[int]*held{}}
	for _, name := range names {
		inner := balancer.Get(name)
		if inner == nil {
			continue
		}
		witness := builder{inner, books}
		if parser, parses := inner.(balancer.ConfigParser); parses {
			balancer.Register(parsingBuilder{witness, parser})
		} else {
			balancer.Register(witness)
		}
	}
	return books
}

type builder struct {
	balancer.Builder
	books *ledger
}

type parsingBuilder struct {
	builder
	balancer.ConfigParser
}

func (b builder) Build(cc balancer.ClientConn, options balancer.BuildOptions) balancer.Balancer {
	channel := whose(options.CustomUserAgent)
	if channel == 0 {
		return b.Builder.Build(cc, options)
	}
	mine := b.books.of(channel)
	mine.lock.Lock()
	mine.open++
	mine.lock.Unlock()
	return &witness{Balancer: b.Builder.Build(cc, options), held: mine, out: b.books.out, channel: channel}
}

type witness struct {
	balancer.Balancer
	held    *held
	out     *journal
	channel int
}

func (w *witness) UpdateClientConnState(update balancer.ClientConnState) error {
	addresses := list(update.ResolverState)
	w.held.lock.Lock()
	w.held.holds = addresses
	w.held.updates++
	w.held.updated = time.Now()
	count := w.held.updates
	w.held.lock.Unlock()
	w.out.event("update", line{"channel": w.channel, "holds": addresses, "updates": count})
	return w.Balancer.UpdateClientConnState(update)
}

func (w *witness) ResolverError(err error) {
	w.out.event("resolver-error", line{"channel": w.channel, "error": err.Error()})
	w.Balancer.ResolverError(err)
}

func (w *witness) Close() {
	w.held.lock.Lock()
	w.held.open--
	w.held.lock.Unlock()
	w.Balancer.Close()
}

// ExitIdle is part of the interface in newer releases of grpc-go and optional in older ones.
func (w *witness) ExitIdle() {
	if inner, exits := w.Balancer.(interface{ ExitIdle() }); exits {
		inner.ExitIdle()
	}
}

// list is every address of a resolver's update, in its order.
func list(state resolver.State) []string {
	addresses := []string{}
	for _, address := range state.Addresses {
		addresses = append(addresses, address.Addr)
	}
	if len(addresses) > 0 {
		return addresses
	}
	for _, endpoint := range state.Endpoints {
		for _, address := range endpoint.Addresses {
			addresses = append(addresses, address.Addr)
		}
	}
	return addresses
}
