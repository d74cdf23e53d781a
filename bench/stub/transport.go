package stub

import (
	"net/http"
	"net/http/httptest"
)

// Transport reaches the pool without a port.
func (p *Pool) Transport() http.RoundTripper { return transport{p} }

type transport struct{ pool *Pool }

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	defer func() { _ = r.Body.Close() }() // a RoundTripper must close it
	answer := httptest.NewRecorder()
	t.pool.ServeHTTP(answer, r)
	return answer.Result(), nil
}
