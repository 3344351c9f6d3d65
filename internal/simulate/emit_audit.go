package simulate

import (
	"strings"
	"time"
)

// consented emits the row of AuditLogs for a consent to an application.
// admin says that it was for everybody in the tenant.
func (r *run) consented(at time.Time, who *User, from Address, app App, scopes []string, admin bool) {
	kind := "Principal"
	if admin {
		kind = "AllPrincipals"
	}
	r.emit(at, "AuditLogs", row{
		"OperationName": "Consent to application", "ActivityDisplayName": "Consent to application", "Category": "ApplicationManagement",
		"AADOperationType": "Assign", "LoggedByService": "Core Directory", "Result": "success", "Identity": who.DisplayName,
		"CorrelationId": guid(r.random), "Id": "Directory_" + guid(r.random), "ActivityDateTime": at.UTC().Format(time.RFC3339Nano), "SourceSystem": "Azure AD",
		"InitiatedBy": row{"user": row{"id": who.ObjectID, "userPrincipalName": who.UPN, "ipAddress": from.IP, "displayName": who.DisplayName}},
		"TargetResources": []row{{
			"id": app.ObjectID, "displayName": app.Name, "type": "ServicePrincipal",
			"modifiedProperties": []row{
				{"displayName": "ConsentContext.IsAdminConsent", "oldValue": nil, "newValue": quoted(map[bool]string{true: "True", false: "False"}[admin])},
				{"displayName": "ConsentAction.Permissions", "oldValue": nil, "newValue": quoted("[] => [[Id: " + hexString(r.random, 24) + ", ClientId: " + app.ObjectID + ", PrincipalId: " + who.ObjectID + ", ResourceId: " + app.ResourceID + ", ConsentType: " + kind + ", Scope: " + strings.Join(scopes, " ") + "]]")},
				{"displayName": "TargetId.ServicePrincipalNames", "oldValue": nil, "newValue": quoted(app.ID)},
			},
		}},
		"AdditionalDetails": []row{{"key": "AppId", "value": app.ID}, {"key": "User-Agent", "value": who.UserAgent}},
	})
}

// registersMethod emits the row of AuditLogs for a new authentication method.
func (r *run) registersMethod(at time.Time, who *User, from Address, method string) {
	r.emit(at, "AuditLogs", row{
		"OperationName": "User registered security info", "ActivityDisplayName": "User registered security info", "Category": "UserManagement",
		"AADOperationType": "Add", "LoggedByService": "Authentication Methods", "Result": "success", "ResultReason": "User registered " + method,
		"ResultDescription": "User registered " + method, "Identity": who.DisplayName, "CorrelationId": guid(r.random), "Id": "Authentication Methods_" + guid(r.random),
		"ActivityDateTime": at.UTC().Format(time.RFC3339Nano), "SourceSystem": "Azure AD",
		"InitiatedBy":     row{"user": row{"id": who.ObjectID, "userPrincipalName": who.UPN, "ipAddress": from.IP, "displayName": who.DisplayName}},
		"TargetResources": []row{{"id": who.ObjectID, "displayName": who.DisplayName, "type": "User", "userPrincipalName": who.UPN}},
	})
}
