package userpool

import (
	"encoding/json"
	"net/http"
	"strings"
)

// serveWeb answers everything that is not the protocol: the JWKS and the OpenID configuration of each pool.
func (p *Pool) serveWeb(w http.ResponseWriter, r *http.Request) {
	poolID, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	p.mu.Lock()
	up := p.pools[poolID]
	p.mu.Unlock()
	if up == nil || r.Method != http.MethodGet || path != ".well-known/jwks.json" {
		http.NotFound(w, r)
		return
	}
	access, err := p.keys.access()
	if err != nil {
		http.Error(w, "no key", http.StatusInternalServerError)
		return
	}
	id, err := p.keys.id()
	if err != nil {
		http.Error(w, "no key", http.StatusInternalServerError)
		return
	}
	writeJSON(w, http.StatusOK, object{"keys": []object{id.jwk(), access.jwk()}})
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // the client may have gone
}
