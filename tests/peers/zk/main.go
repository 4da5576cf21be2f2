// Writes nodes into ZooKeeper for the tests, with the client that Go's frameworks use, so that the writer shares nothing
// with the reader under test.
//
//	zk --server HOST:PORT [--auth USER:PASSWORD]
//	zk --version
//
// One command a line on stdin, as JSON; one line of JSON on stdout for each, {} or {"error":"…"}:
//
//	{"do":"create","path":"/pay/1","value":"10.0.0.1:50051","ephemeral":true,"private":true}
//	{"do":"set","path":"/pay/1","value":"…"}
//	{"do":"delete","path":"/pay/1"}
//	{"do":"children","path":"/pay"}
//
// Parents that are missing are created. A private node may be read by the user of --auth only. The session, and with it
// every ephemeral node, ends when stdin does; a process that is killed leaves it to its timeout (--session, 10 s).
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path"
	"runtime/debug"
	"strings"
	"time"

	"github.com/go-zookeeper/zk"
)

type command struct {
	Do        string `json:"do"`
	Path      string `json:"path"`
	Value     string `json:"value"`
	Ephemeral bool   `json:"ephemeral"`
	Private   bool   `json:"private"`
}

type answer struct {
	Error    string   `json:"error,omitempty"`
	Children []string `json:"children,omitempty"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "zk:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) == 1 && arguments[0] == "--version" {
		fmt.Println("zk: go-zookeeper " + version())
		return nil
	}
	flags := flag.NewFlagSet("zk", flag.ContinueOnError)
	server := flags.String("server", "", "HOST:PORT of ZooKeeper")
	auth := flags.String("auth", "", "USER:PASSWORD, scheme digest")
	session := flags.Duration("session", 10*time.Second, "timeout of the session")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	conn, _, err := zk.Connect([]string{*server}, *session, zk.WithLogInfo(false))
	if err != nil {
		return err
	}
	defer conn.Close()
	if *auth != "" {
		if err := conn.AddAuth("digest", []byte(*auth)); err != nil {
			return err
		}
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 4<<20)
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var asked command
		var told answer
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			return err
		}
		if told.Children, err = obey(conn, asked, *auth); err != nil {
			told.Error = err.Error()
		}
		if err := answers.Encode(told); err != nil {
			return err
		}
	}
	return lines.Err()
}

func obey(conn *zk.Conn, asked command, auth string) ([]string, error) {
	acl := zk.WorldACL(zk.PermAll)
	if user, password, found := strings.Cut(auth, ":"); asked.Private && found {
		acl = zk.DigestACL(zk.PermAll, user, password)
	}
	switch asked.Do {
	case "create":
		if err := parents(conn, path.Dir(asked.Path)); err != nil {
			return nil, err
		}
		var flags int32
		if asked.Ephemeral {
			flags = zk.FlagEphemeral
		}
		_, err := conn.Create(asked.Path, []byte(asked.Value), flags, acl)
		return nil, err
	case "set":
		_, err := conn.Set(asked.Path, []byte(asked.Value), -1)
		return nil, err
	case "delete":
		return nil, conn.Delete(asked.Path, -1)
	case "children":
		children, _, err := conn.Children(asked.Path)
		return children, err
	default:
		return nil, fmt.Errorf("%q is no command", asked.Do)
	}
}

func parents(conn *zk.Conn, of string) error {
	if of == "/" {
		return nil
	}
	if err := parents(conn, path.Dir(of)); err != nil {
		return err
	}
	if _, err := conn.Create(of, nil, 0, zk.WorldACL(zk.PermAll)); !errors.Is(err, zk.ErrNodeExists) {
		return err
	}
	return nil
}

func version() string {
	if info, known := debug.ReadBuildInfo(); known {
		for _, dependency := range info.Deps {
			if dependency.Path == "github.com/go-zookeeper/zk" {
				return dependency.Version
			}
		}
	}
	return "unknown"
}
