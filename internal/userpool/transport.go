package userpool

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
)

// Transport reaches the service without a port: give it to the SDK as HTTPClient: &http.Client{Transport: …}.
// A request whose context ends is abandoned, as on a real connection; what it asked for may still happen.
func (p *Pool) Transport() http.RoundTripper { return transport{p} }

type transport struct{ handler http.Handler }

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer func() { _ = r.Body.Close() }() // a RoundTripper must close it
	}
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	inner := r.Clone(r.Context())
	inner.Body, inner.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	inner.RequestURI, inner.RemoteAddr = r.URL.RequestURI(), "127.0.0.1:0"
	if inner.Host == "" {
		inner.Host = r.URL.Host
	}
	answered := make(chan *recorder, 1)
	go func() {
		w := &recorder{header: http.Header{}, status: http.StatusOK}
		defer func() {
			if r := recover(); r != nil {
				w.aborted = true
				if r != http.ErrAbortHandler { //nolint:errorlint // the sentinel is panicked with itself
					panic(r)
				}
			}
			answered <- w
		}()
		t.handler.ServeHTTP(w, inner)
	}()
	select {
	case <-r.Context().Done():
		return nil, r.Context().Err()
	case w := <-answered:
		if w.aborted {
			return nil, fmt.Errorf("connection reset by peer: %w", io.ErrUnexpectedEOF)
		}
		return w.response(r), nil
	}
}

func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("request body: %w", err)
	}
	return body, nil
}

// recorder gathers an answer.
type recorder struct {
	header  http.Header
	status  int
	body    bytes.Buffer
	aborted bool
}

func (w *recorder) Header() http.Header            { return w.header }
func (w *recorder) WriteHeader(status int)         { w.status = status }
func (w *recorder) Write(data []byte) (int, error) { return w.body.Write(data) }

func (w *recorder) response(r *http.Request) *http.Response {
	return &http.Response{
		Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}
}
