package dynamotest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sys/unix"
)

const (
	// roleVariable makes a test binary the engine's keeper (see [Main]).
	roleVariable = "COGNITO_ENROLL_TEST_DYNAMODB_KEEPER"
	// endpointVariable tells a process that a test starts where the test's server is.
	endpointVariable = "COGNITO_ENROLL_TEST_DYNAMODB_ENDPOINT"
	// startTimeout is how long Java may take on a machine that is busy.
	startTimeout = 90 * time.Second
)

// server is this test binary's: started when the first test asks for it.
//
//nolint:gochecknoglobals // a test binary has one server, and many tests
var server struct {
	once     sync.Once
	err      error
	endpoint string
	keeper   *exec.Cmd
	said     bytes.Buffer
}

// Table makes an empty table on the test server and answers its URL. Without a server the test is skipped, or fails if
// PORTAL_TEST_DYNAMODB is "required".
func Table(t testing.TB) string {
	t.Helper()
	server.once.Do(func() { server.err = start() })
	if server.err != nil {
		if os.Getenv("PORTAL_TEST_DYNAMODB") == "required" { //nolint:forbidigo // tests are told by their environment
			t.Fatalf("DynamoDB is required: %v", server.err)
		}
		t.Skipf("no DynamoDB (.ci/setup gets it; it needs Java): %v", server.err)
	}
	name := "test-" + rand.Text()[:16]
	if err := CreateTable(t.Context(), name, "pk", "sk"); err != nil {
		t.Fatal(err)
	}
	return "dynamodb:" + name
}

// CreateTable makes a table with two keys of type S.
func CreateTable(ctx context.Context, name, partition, sort string) error {
	attribute := func(name string) types.AttributeDefinition {
		return types.AttributeDefinition{AttributeName: aws.String(name), AttributeType: types.ScalarAttributeTypeS}
	}
	_, err := Client().CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: aws.String(name), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{attribute(partition), attribute(sort)},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String(partition), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String(sort), KeyType: types.KeyTypeRange},
		},
	})
	return err
}

// Dump is every item of the table of a URL that [Table] answered, a line for each of its attributes.
func Dump(t testing.TB, url string) map[string][]byte {
	t.Helper()
	name := strings.TrimPrefix(url, "dynamodb:")
	var text bytes.Buffer
	pages := dynamodb.NewScanPaginator(Client(), &dynamodb.ScanInput{TableName: &name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background()) //nolint:usetesting // the test's own context is over when it cleans up
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Items {
			for name, value := range item {
				fmt.Fprintf(&text, "%s ", name)
				write(&text, value)
				text.WriteByte('\n')
			}
		}
	}
	return map[string][]byte{"table " + name: text.Bytes()}
}

// write writes a value as it is, binary ones, too.
func write(w *bytes.Buffer, value types.AttributeValue) {
	switch value := value.(type) {
	case *types.AttributeValueMemberS:
		w.WriteString(value.Value)
	case *types.AttributeValueMemberN:
		w.WriteString(value.Value)
	case *types.AttributeValueMemberB:
		w.Write(value.Value)
	case *types.AttributeValueMemberBOOL:
		fmt.Fprint(w, value.Value)
	case *types.AttributeValueMemberL:
		for _, value := range value.Value {
			write(w, value)
			w.WriteByte(' ')
		}
	case *types.AttributeValueMemberM:
		for name, value := range value.Value {
			fmt.Fprintf(w, "%s ", name)
			write(w, value)
		}
	default:
		panic(fmt.Sprintf("dynamotest: cannot read a %T", value)) // and would not see what is in it
	}
}

// Settings reach the server, also from a process that a test has started with [Environment].
func Settings() aws.Config {
	return aws.Config{
		Region: "eu-central-1", BaseEndpoint: aws.String(Endpoint()),
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}
}

// Client is the SDK's, for what only somebody else would do to the table.
func Client() *dynamodb.Client { return dynamodb.NewFromConfig(Settings()) }

// Endpoint is where the server listens.
func Endpoint() string {
	if server.endpoint != "" {
		return server.endpoint
	}
	return os.Getenv(endpointVariable) //nolint:forbidigo // see above
}

// Environment is what a process needs that a test starts.
func Environment() string { return endpointVariable + "=" + Endpoint() }

// start starts this test binary once more, as the keeper of the engine. The engine listens on all addresses, so it gets
// a network of its own that has nothing but loopback; the keeper, inside, carries connections from a listener on this
// side's loopback. When the keeper ends, so does all that it started.
func start() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	listener, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return err
	}
	endpoint := "http://" + listener.Addr().String()
	file, err := listener.File()
	if err := errors.Join(err, listener.Close()); err != nil {
		return err
	}
	keeper := exec.CommandContext(context.Background(), self) //nolint:gosec // this binary
	keeper.Env = append(os.Environ(), roleVariable+"=yes")    //nolint:forbidigo // see above
	keeper.ExtraFiles = []*os.File{file}
	keeper.Stdout, keeper.Stderr = &server.said, &server.said
	keeper.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWPID, Pdeathsig: syscall.SIGKILL}
	if uid := os.Geteuid(); uid != 0 {
		keeper.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		keeper.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: 1}}
		keeper.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	err = keeper.Start()
	_ = file.Close() // the keeper has it: when that ends, nobody listens
	if err != nil {
		return fmt.Errorf("a network of its own: %w", err)
	}
	server.keeper, server.endpoint = keeper, endpoint
	ended := make(chan struct{})
	go func() {
		_ = keeper.Wait() // what it said tells more
		close(ended)
	}()
	return awaitReady(ended)
}

func awaitReady(ended <-chan struct{}) error {
	for deadline := time.Now().Add(startTimeout); time.Now().Before(deadline); { //nolint:forbidigo // a real server is waited for
		answer, err := http.Get(server.endpoint) //nolint:noctx // bounded by the keeper's end
		if err == nil {
			return answer.Body.Close() // any answer is the engine's
		}
		select {
		case <-ended:
			return errors.New(server.said.String())
		case <-time.After(50 * time.Millisecond):
		}
	}
	return errors.New("DynamoDB did not start")
}

// Stop ends the server.
func Stop() {
	if server.keeper != nil {
		_ = server.keeper.Process.Kill()
	}
}

// Main does not come back in the process that keeps the engine.
func Main() {
	if os.Getenv(roleVariable) == "" { //nolint:forbidigo // see above
		return
	}
	runtime.LockOSThread() // Java dies with the thread that started it
	if err := keep(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(1)
}

// keep runs the engine and carries connections to it, until either ends.
func keep() error {
	if err := loopbackUp(); err != nil {
		return fmt.Errorf("loopback: %w", err)
	}
	home, err := engine()
	if err != nil {
		return err
	}
	listener, err := net.FileListener(os.NewFile(3, "listener"))
	if err != nil {
		return err
	}
	java := exec.CommandContext(context.Background(), "java", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", //nolint:gosec // Amazon's engine
		"-Djava.library.path="+filepath.Join(home, "DynamoDBLocal_lib"), "-jar", filepath.Join(home, "DynamoDBLocal.jar"),
		"-inMemory", "-sharedDb", "-port", "8000")
	java.Stderr = os.Stderr
	java.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := java.Start(); err != nil {
		return err
	}
	go carry(listener)
	return java.Wait()
}

// engine is the folder that .ci/dynamodb fills.
func engine() (string, error) {
	dir, err := os.Getwd() // go test's: the package's
	for err == nil {
		home := filepath.Join(dir, ".ci", "dynamodb-local")
		if _, err := os.Stat(filepath.Join(home, "DynamoDBLocal.jar")); err == nil {
			return home, nil
		}
		if filepath.Dir(dir) == dir {
			return "", errors.New("no .ci/dynamodb-local")
		}
		dir = filepath.Dir(dir)
	}
	return "", err
}

func carry(listener net.Listener) {
	for {
		outside, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer func() { _ = outside.Close() }()
			inside, err := net.Dial("tcp4", "127.0.0.1:8000") //nolint:noctx // loopback: refused or made
			if err != nil {
				return
			}
			defer func() { _ = inside.Close() }()
			go func() {
				_, _ = io.Copy(inside, outside)
				_ = inside.Close()
			}()
			_, _ = io.Copy(outside, inside)
		}()
	}
}

// loopbackUp switches on the one device of a new network.
func loopbackUp() error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(socket) }()
	device, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	device.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, device)
}
