package main

import (
	"net/http"
	"sync"
	"time"

	"github.com/hashicorp/consul/api"
)

// queries records every request to Consul, when it is sent and when its response's head arrives or it is cancelled.
type queries struct {
	out     *journal
	lock    sync.Mutex
	running int       // requests that are pending now: a long poll is one of them
	count   int       // number of requests so far
	ended   time.Time // when the newest one ended
}

// client is an ordinary Consul client whose requests are recorded.
func (q *queries) client(address string) (*api.Client, error) {
	config := api.DefaultConfig()
	config.Address = address
	config.HttpClient = &http.Client{Transport: seen{config.Transport, q}}
	return api.NewClient(config)
}

func (q *queries) describe(l line) {
	q.lock.Lock()
	defer q.lock.Unlock()
	l["asking"], l["asked"] = q.running, q.count
	if !q.ended.IsZero() {
		l["quiet_ms"] = 0
		if q.running == 0 {
			l["quiet_ms"] = time.Since(q.ended).Milliseconds()
		}
	}
}

type seen struct {
	http.RoundTripper
	queries *queries
}

func (s seen) RoundTrip(request *http.Request) (*http.Response, error) {
	q := s.queries
	q.lock.Lock()
	q.running++
	q.count++
	count := q.count
	q.lock.Unlock()
	index := request.URL.Query().Get("index")
	q.out.event("asked", line{"query": count, "index": index})

	response, err := s.RoundTripper.RoundTrip(request)

	q.lock.Lock()
	q.running--
	q.ended = time.Now()
	q.lock.Unlock()
	l := line{"query": count}
	if err != nil {
		l["error"] = err.Error()
	} else {
		l["status"], l["index"] = response.StatusCode, response.Header.Get("X-Consul-Index")
	}
	q.out.event("answered", l)
	return response, err
}
