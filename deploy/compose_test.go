package deploy_test

import (
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The compose file names two nodes that the load balancer knows, and settings alone that must be given.
func TestComposeFile(t *testing.T) {
	text, conf := read(t, "compose/compose.yaml"), read(t, "compose/nginx.conf")
	nodes := regexp.MustCompile(`(?m)^  (portal-\d): \*portal$`).FindAllStringSubmatch(text, -1)
	for i, node := range nodes {
		if node[1] != "portal-"+strconv.Itoa(i+1) || !strings.Contains(conf, "server "+node[1]+":8080") {
			t.Errorf("%s is not among nginx's nodes", node[1])
		}
	}
	if len(nodes) != 2 || strings.Contains(text, "\t") {
		t.Errorf("%d nodes", len(nodes))
	}
	python := tool(t, "python3")
	if exec.CommandContext(t.Context(), python, "-c", "import yaml").Run() != nil {
		t.Skip("no YAML parser: the compose file was not parsed")
	}
	check(t, python, "-c", `
import sys, yaml
compose = yaml.safe_load(open("compose/compose.yaml"))
services, subnets = compose["services"], compose["networks"]["default"]["ipam"]["config"]
for name in "portal-1", "portal-2":
    node = services[name]
    assert node["read_only"] and node["cap_drop"] == ["ALL"], name
    assert node["environment"]["PORTAL_STORE"].startswith("postgres://"), name
    assert [node["environment"]["PORTAL_TRUSTED_PROXIES"]] == [each["subnet"] for each in subnets], name
assert "/etc/nginx/nginx.conf" in services["balancer"]["volumes"][0]
`)
}
