package prove_test

import (
	"io"
	"maps"
	"net/http"
	"os"
	"strings"

	"cognito-enroll/internal/postgrestest"
)

// artefacts are all that a run leaves behind: logs of every program, all tables of the store, figures.
func (c *cluster) artefacts() map[string][]byte {
	c.Helper()
	all := map[string][]byte{}
	for _, name := range c.logs() {
		text, err := os.ReadFile(name) //nolint:gosec // the test's own
		c.must(err)
		all[name] = text
	}
	for _, n := range c.nodes {
		r, err := http.NewRequestWithContext(c.Context(), http.MethodGet, "http://"+n.admin+"/metrics", nil)
		c.must(err)
		answer, err := http.DefaultClient.Do(r)
		c.must(err)
		all["figures of "+n.address], err = io.ReadAll(answer.Body)
		c.must(err)
		_ = answer.Body.Close()
	}
	if file, found := strings.CutPrefix(c.store, "sqlite:"); found {
		maps.Copy(all, c.files(file))
	} else {
		maps.Copy(all, postgrestest.Dump(c.TB, c.store))
	}
	return all
}

// sweep looks for the run's secrets in what it leaves behind (I7).
func (c *cluster) sweep() (secrets, classes, bytes int) {
	c.Helper()
	for name, text := range c.artefacts() {
		bytes += len(text)
		if found := c.secrets.Find(text); len(found) > 0 {
			c.Errorf("I7: %s: %d secrets, such as: %v", name, len(found), found[:min(3, len(found))])
		}
	}
	secrets, classes = c.secrets.Count()
	return secrets, classes, bytes
}
