package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/web"
)

func TestKeysAreReadAsTheyArePrinted(t *testing.T) {
	for _, test := range []struct {
		args   []string
		scopes []web.Scope
		rank   helpdesk.Rank
	}{
		{[]string{"hr"}, []web.Scope{web.ScopeHandoffs}, helpdesk.NoRank},
		{[]string{"tickets", "-scopes", "invites"}, []web.Scope{web.ScopeInvites}, helpdesk.Agents},
		{[]string{"-scopes", "invites+handoffs", "tickets"}, []web.Scope{web.ScopeInvites, web.ScopeHandoffs}, helpdesk.Agents},
		{[]string{"tickets", "-scopes", "invites", "-links", "200"}, []web.Scope{web.ScopeInvites}, helpdesk.Agents},
		{[]string{"-scopes", "coverage+ledger", "reports", "-rank", "lead"}, []web.Scope{web.ScopeCoverage, web.ScopeLedger}, helpdesk.Leads},
	} {
		var out bytes.Buffer
		if err := run(t.Context(), append([]string{"api-key"}, test.args...), environment(), &out, io.Discard); err != nil {
			t.Errorf("%q: %v", test.args, err)
			continue
		}
		printed := regexp.MustCompile(`application: +(\S+)\n.*PORTAL_API_KEYS: +(\S+)`).FindStringSubmatch(out.String())
		c, err := readConfig(nil, environment("PORTAL_API_KEYS", " "+printed[2]+" ,"), io.Discard)
		if err != nil || len(c.APIKeys) != 1 {
			t.Errorf("%s: %v", printed[2], err)
			continue
		}
		if key := c.APIKeys[0]; !slices.Equal(key.Scopes, test.scopes) || key.Rank != test.rank || (key.Links == 200) != slices.Contains(test.args, "200") || key.Hash != sha256.Sum256([]byte(printed[1])) || strings.Contains(printed[2], printed[1]) {
			t.Errorf("%q: got %+v", test.args, key)
		}
	}
}

func TestKeysThatAreRefused(t *testing.T) {
	hash := fmt.Sprintf("%x", sha256.Sum256([]byte("key")))
	for _, line := range []string{
		"hr", "hr:", ":" + hash, "hr:abc", "hr:" + hash + ":", "hr:" + hash + ":everything", "hr:" + hash + ":invites+", "hr:" + hash + ":invites+invites",
		"hr:" + hash + ":invites:operator", "hr:" + hash + ":ledger", "hr:" + hash + ":ledger:agent", "hr:" + hash + ":invites:agent:x",
		"hr:" + hash + ",hr:" + hash, "hr:" + hash + ":invites:agent:0", "hr:" + hash + ":invites:agent:1001", "hr:" + hash + ":invites:agent:5:5", "hr:" + hash + ":handoffs::5",
	} {
		_, err := readConfig(nil, environment("PORTAL_API_KEYS", line), io.Discard)
		if err == nil || !strings.Contains(err.Error(), "PORTAL_API_KEYS") || strings.Contains(err.Error(), hash) {
			t.Errorf("%q: %v", line, err)
		}
	}
	for _, args := range [][]string{{}, {"a", "b"}, {"a:b"}, {"a,b"}, {"a b"}, {"ä"}, {"a", "-scopes", "all"}, {"a", "-scopes", "ledger"}, {"a", "-rank", "operator"}, {"a", "-nonsense"}, {"a", "-links", "5"}, {"a", "-scopes", "invites", "-links", "0"}} {
		if err := run(t.Context(), append([]string{"api-key"}, args...), environment(), io.Discard, io.Discard); err == nil {
			t.Errorf("api-key %q is done", args)
		}
	}
}
