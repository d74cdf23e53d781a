package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// browserHeaders are what a browser sends with every request, for servers to read through.
const browserHeaders = "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36\r\n" +
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n" +
	"Accept-Language: en-GB,en;q=0.9,de;q=0.8\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nSec-Fetch-Site: same-origin\r\n"

// What it says that it wants.
const (
	wantsPage    = "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n"
	wantsPicture = "Sec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n"
)

// conn is a connection that stays open. It is written by hand to leave the machine to the server: net/http's client
// costs more than the answers that it fetches.
type conn struct {
	address string
	raw     net.Conn
	in      *bufio.Reader
	out     []byte
	read    int // bytes of answers so far
}

type answer struct {
	status int
	header http.Header
	body   []byte
	bytes  int // on the wire, headers included
}

func dial(ctx context.Context, address string) (*conn, error) {
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	c := &conn{address: address, raw: raw}
	c.in = bufio.NewReader(c)
	return c, nil
}

// Read counts.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.raw.Read(p)
	c.read += n
	return n, err //nolint:wrapcheck // io.EOF must stay what it is
}

// do sends a request, a form when there is one, and reads the whole answer.
func (c *conn) do(method, path, cookies, form, more string) (answer, error) {
	wants := wantsPage
	if strings.HasSuffix(path, ".png") {
		wants = wantsPicture
	}
	c.out = append(c.out[:0], method+" "+path+" HTTP/1.1\r\nHost: "+c.address+"\r\n"+browserHeaders+wants+more...)
	if cookies != "" {
		c.out = append(c.out, "Cookie: "+cookies+"\r\n"...)
	}
	if method == http.MethodPost {
		c.out = append(c.out, "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "+strconv.Itoa(len(form))+"\r\n"...)
	}
	c.out = append(c.out, "\r\n"+form...)
	before := c.read - c.in.Buffered()
	if _, err := c.raw.Write(c.out); err != nil {
		return answer{}, fmt.Errorf("%s %s: %w", method, path, err)
	}
	response, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return answer{}, fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer func() { _ = response.Body.Close() }() // it was read
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, fmt.Errorf("%s %s: %w", method, path, err)
	}
	return answer{response.StatusCode, response.Header, body, c.read - c.in.Buffered() - before}, nil
}

func (c *conn) close() { _ = c.raw.Close() }

// get asks once, on a connection of its own.
func get(ctx context.Context, address, path string) (answer, error) {
	c, err := dial(ctx, address)
	if err != nil {
		return answer{}, err
	}
	defer c.close()
	return c.do(http.MethodGet, path, "", "", "")
}

// jar is a browser's cookies.
type jar struct{ names, values []string }

func (j *jar) take(header http.Header) {
	for _, line := range header["Set-Cookie"] {
		pair, attributes, _ := strings.Cut(line, ";")
		name, value, _ := strings.Cut(pair, "=")
		if strings.Contains(attributes, "Max-Age=0") || strings.Contains(attributes, "Expires=Thu, 01 Jan 1970") {
			value = ""
		}
		j.set(name, value)
	}
}

func (j *jar) set(name, value string) {
	for i, known := range j.names {
		if known == name {
			j.values[i] = value
			return
		}
	}
	j.names, j.values = append(j.names, name), append(j.values, value)
}

func (j *jar) clone() jar { return jar{slices.Clone(j.names), slices.Clone(j.values)} }

func (j *jar) String() string {
	var pairs []string
	for i, name := range j.names {
		if j.values[i] != "" {
			pairs = append(pairs, name+"="+j.values[i])
		}
	}
	return strings.Join(pairs, "; ")
}
