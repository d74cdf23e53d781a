package userpool

import "slices"

// adminRemoveUserFromGroup removes a member.
func adminRemoveUserFromGroup(c *call) (object, error) {
	_, g, err := c.group()
	if err != nil {
		return nil, err
	}
	u, err := c.adminUser()
	if err != nil {
		return nil, err
	}
	u.groups = slices.DeleteFunc(slices.Clone(u.groups), func(name string) bool { return name == g.name })
	return object{}, nil
}
