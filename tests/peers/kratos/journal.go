package main

import (
	"encoding/json"
	"os"
	"sync"
	"time"
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
