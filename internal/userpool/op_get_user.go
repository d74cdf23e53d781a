package userpool

import (
	"slices"
	"strings"
)

// getUser tells the bearer of an access token about themselves.
func getUser(c *call) (object, error) {
	g, err := c.access(c.input.text("AccessToken"))
	if err != nil {
		return nil, err
	}
	output := object{"Username": g.user.name, "UserAttributes": g.user.attributeList(nil)}
	g.user.describeMFA(output)
	return output, nil
}

// describeMFA adds the two MFA members. They are left out when there is nothing to say, never sent empty.
func (u *user) describeMFA(output object) {
	if len(u.enabled) > 0 {
		output["UserMFASettingList"] = slices.Clone(u.enabled) // the answer is written after the lock is released
	}
	if u.preferred != "" {
		output["PreferredMfaSetting"] = u.preferred
	}
}

// attributeList is the attributes as the service lists them, the sub among them; with names, only those.
func (u *user) attributeList(names []string) []object {
	wanted := func(name string) bool {
		if names == nil {
			return true
		}
		for _, n := range names {
			if strings.EqualFold(n, name) {
				return true
			}
		}
		return false
	}
	all := make([]object, 0, len(u.attributes)+1)
	for _, a := range append([]attribute{{"sub", u.sub}}, u.attributes...) {
		if wanted(a.name) {
			all = append(all, object{"Name": a.name, "Value": a.value})
		}
	}
	return all
}
