package postgrestest

import (
	"bufio"
	"context"
	"crypto/rand"
	"database/sql"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// server is this test binary's: started when the first test asks for it.
//
//nolint:gochecknoglobals // a test binary has one server, and many tests
var server struct {
	once    sync.Once
	err     error
	dir     string
	process *os.Process
	ready   chan error
	exited  chan struct{}
}

// Database makes an empty schema on the test server and answers its URL. Without a server the test is skipped, or fails
// if PORTAL_TEST_POSTGRES is "required".
func Database(t testing.TB) string {
	t.Helper()
	server.once.Do(func() { server.err = start() })
	if server.err != nil {
		if os.Getenv("PORTAL_TEST_POSTGRES") == "required" { //nolint:forbidigo // tests are told by their environment
			t.Fatalf("PostgreSQL is required: %v", server.err)
		}
		t.Skipf("no PostgreSQL (apt-get install postgresql): %v", server.err)
	}
	name := "test_" + strings.ToLower(rand.Text()[:16])
	Execute(t, "CREATE SCHEMA "+name)
	return address(server.dir, name)
}

// Execute executes one statement as the server's owner.
func Execute(t testing.TB, query string, args ...any) {
	t.Helper()
	if _, err := Owner(t).ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// Owner is a connection that a test closes by itself.
func Owner(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", address(server.dir, "public"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// Dump is every row of every table of the schema of an address that [Database] answered, as text, by the table's name.
func Dump(t testing.TB, address string) map[string][]byte {
	t.Helper()
	db, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // it was read
	column := func(query string, args ...any) (list []string) {
		rows, err := db.QueryContext(context.Background(), query, args...) //nolint:usetesting // the test's own context is over when it cleans up
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close() //nolint:errcheck // see rows.Err
		for rows.Next() {
			var text string
			if err := rows.Scan(&text); err != nil {
				t.Fatal(err)
			}
			list = append(list, text)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return list
	}
	all := map[string][]byte{}
	for _, table := range column(`SELECT tablename FROM pg_tables WHERE schemaname = current_schema()`) {
		all["table "+table] = []byte(strings.Join(column(fmt.Sprintf(`SELECT t::text FROM %s t`, table)), "\n"))
	}
	return all
}

// Socket is the directory of the server's Unix socket.
func Socket() string { return server.dir }

// AwaitReady waits until a server that was told to restart takes connections again.
func AwaitReady(t testing.TB) {
	t.Helper()
	if err := <-server.ready; err != nil {
		t.Fatal(err)
	}
}

// address names a schema, which is also what the server calls its connections.
func address(socketDir, schema string) string {
	return fmt.Sprintf("postgres://portal@/postgres?host=%[1]s&search_path=%[2]s&application_name=%[2]s&sslmode=disable", socketDir, schema)
}

func start() error {
	bin, err := binaries()
	if err != nil {
		return err
	}
	server.dir, err = os.MkdirTemp("", "portal-pg-") // a short path: a socket's has at most 107 bytes
	if err != nil {
		return err
	}
	who, err := owner(server.dir)
	if err != nil {
		return err
	}
	data := filepath.Join(server.dir, "data")
	initdb := exec.CommandContext(context.Background(), filepath.Join(bin, "initdb"), //nolint:gosec // Debian's server
		"--pgdata", data, "--username", "portal", "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync")
	initdb.Dir, initdb.SysProcAttr = server.dir, who
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	// Nothing here cuts the machine's power: only benchmarks wait for the disk.
	fsync := "off"
	if flag.Lookup("test.bench").Value.String() != "" {
		fsync = "on"
	}
	return serve(bin, who, fsync)
}

// serve starts the server on its cluster and waits until it takes connections.
func serve(bin string, who *syscall.SysProcAttr, fsync string) error {
	data := filepath.Join(server.dir, "data")
	command := exec.CommandContext(context.Background(), filepath.Join(bin, "postgres"), "-D", data, "-c", "fsync="+fsync, //nolint:gosec // likewise
		"-c", "listen_addresses=", "-c", "unix_socket_directories="+server.dir, "-c", "max_connections=100")
	command.Dir, command.SysProcAttr = server.dir, who
	log, err := command.StderrPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	server.process, server.ready, server.exited = command.Process, make(chan error, 100), make(chan struct{})
	go func() {
		defer close(server.exited)
		var said []string
		for lines := bufio.NewScanner(log); lines.Scan(); {
			said = append(said, lines.Text())
			if strings.Contains(lines.Text(), "ready to accept connections") {
				server.ready <- nil
			}
		}
		server.ready <- fmt.Errorf("postgres ended: %w: %s", command.Wait(), strings.Join(said, "\n"))
	}()
	return <-server.ready
}

// Signal sends a signal to the server and to all the processes that serve its connections: SIGSTOP, and it answers
// nobody until SIGCONT; SIGKILL, and it is gone until [Restart].
func Signal(t testing.TB, signal syscall.Signal) {
	t.Helper()
	if signal == syscall.SIGSTOP {
		_ = syscall.Kill(server.process.Pid, signal) // first, so that it starts no other while they are counted
	}
	all := []int{server.process.Pid}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range stats {
		text, err := os.ReadFile(name) //nolint:gosec // of the kernel
		_, rest, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(rest)
		if err != nil || len(fields) < 2 || fields[1] != strconv.Itoa(server.process.Pid) {
			continue // it has ended meanwhile, or is another's
		}
		pid, _ := strconv.Atoi(strings.Split(name, "/")[2]) // the pattern's digits
		all = append(all, pid)
	}
	for _, pid := range all {
		_ = syscall.Kill(pid, signal) // it may have ended
	}
	if signal == syscall.SIGKILL {
		<-server.exited
	}
}

// Restart starts the server again after it was killed.
func Restart(t testing.TB) {
	t.Helper()
	bin, err := binaries()
	if err != nil {
		t.Fatal(err)
	}
	who, err := owner(server.dir)
	if err == nil {
		err = serve(bin, who, "off")
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Stop ends the server and removes its cluster.
func Stop() {
	if server.process != nil {
		_ = server.process.Signal(syscall.SIGINT) // "fast": connections are dropped
		<-server.exited
	}
	if server.dir != "" {
		_ = os.RemoveAll(server.dir)
	}
}

// binaries is the folder of the newest installed server. Debian keeps it off the PATH.
func binaries() (string, error) {
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres"); len(found) > 0 {
		version := func(path string) int {
			n, _ := strconv.Atoi(strings.Split(path, "/")[4])
			return n
		}
		slices.SortFunc(found, func(a, b string) int { return version(b) - version(a) })
		return filepath.Dir(found[0]), nil
	}
	path, err := exec.LookPath("postgres")
	return filepath.Dir(path), err
}

// owner is who runs the server: this user, or, because the server refuses to run as root, Debian's "postgres".
// The server dies with the tests, however they end.
func owner(dir string) (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT, Setpgid: true}
	if os.Geteuid() != 0 {
		return attr, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.Atoi(account.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(account.Gid)
	if err != nil {
		return nil, err
	}
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attr, os.Chown(dir, uid, gid)
}
