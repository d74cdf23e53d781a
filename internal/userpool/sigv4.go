package userpool

import (
	"net/http"
	"time"
)

func (p *Pool) checkSignature(_ *http.Request, _ []byte, _ time.Time) *exception {
	return missingAuthenticationToken()
}
