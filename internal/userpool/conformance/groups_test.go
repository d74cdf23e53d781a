package conformance_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
)

func TestGroups(t *testing.T) {
	w := open(t, "OFF")
	w.add("dana")
	desk := aws.String("help-desk")
	create := func() error {
		_, err := w.api.CreateGroup(w.ctx, &cip.CreateGroupInput{UserPoolId: &w.pool, GroupName: desk, Description: aws.String("Agents"), Precedence: aws.Int32(3)})
		return err
	}
	w.ok(create())
	w.refused(create(), "GroupExistsException", "")
	_, err := w.api.AdminAddUserToGroup(w.ctx, &cip.AdminAddUserToGroupInput{UserPoolId: &w.pool, GroupName: desk, Username: aws.String("dana")})
	w.ok(err)
	_, err = w.api.AdminAddUserToGroup(w.ctx, &cip.AdminAddUserToGroupInput{UserPoolId: &w.pool, GroupName: aws.String("none"), Username: aws.String("dana")})
	w.refused(err, "ResourceNotFoundException", "")
	of, err := w.api.AdminListGroupsForUser(w.ctx, &cip.AdminListGroupsForUserInput{UserPoolId: &w.pool, Username: aws.String("dana")})
	w.ok(err)
	if len(of.Groups) != 1 || *of.Groups[0].GroupName != "help-desk" || *of.Groups[0].Precedence != 3 {
		t.Errorf("got %+v", of.Groups)
	}
	in, err := w.api.ListUsersInGroup(w.ctx, &cip.ListUsersInGroupInput{UserPoolId: &w.pool, GroupName: desk})
	w.ok(err)
	if len(in.Users) != 1 || *in.Users[0].Username != "dana" {
		t.Errorf("got %+v", in.Users)
	}
	_, err = w.api.UpdateGroup(w.ctx, &cip.UpdateGroupInput{UserPoolId: &w.pool, GroupName: desk, Description: aws.String("Changed")})
	w.ok(err)
	got, err := w.api.GetGroup(w.ctx, &cip.GetGroupInput{UserPoolId: &w.pool, GroupName: desk})
	w.ok(err)
	if *got.Group.Description != "Changed" {
		t.Errorf("got %+v", got.Group)
	}
	all, err := w.api.ListGroups(w.ctx, &cip.ListGroupsInput{UserPoolId: &w.pool})
	w.ok(err)
	if len(all.Groups) != 1 {
		t.Errorf("%d groups", len(all.Groups))
	}
	_, err = w.api.AdminRemoveUserFromGroup(w.ctx, &cip.AdminRemoveUserFromGroupInput{UserPoolId: &w.pool, GroupName: desk, Username: aws.String("dana")})
	w.ok(err)
	_, err = w.api.DeleteGroup(w.ctx, &cip.DeleteGroupInput{UserPoolId: &w.pool, GroupName: desk})
	w.ok(err)
	_, err = w.api.GetGroup(w.ctx, &cip.GetGroupInput{UserPoolId: &w.pool, GroupName: desk})
	w.refused(err, "ResourceNotFoundException", "")
}
