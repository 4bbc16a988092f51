using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Features.Account;
using Tokenry.Server.Features.ApiKeys;
using Tokenry.Server.Features.ApiResources;
using Tokenry.Server.Features.Applications;
using Tokenry.Server.Features.Approvals;
using Tokenry.Server.Features.Approvals.RoleRequests;
using Tokenry.Server.Features.AuditLog;
using Tokenry.Server.Features.Configuration;
using Tokenry.Server.Features.Credentials;
using Tokenry.Server.Features.Notices;
using Tokenry.Server.Features.Organizations;
using Tokenry.Server.Features.Overview;
using Tokenry.Server.Features.PersonalAccessTokens;
using Tokenry.Server.Features.Policies;
using Tokenry.Server.Features.Reports;
using Tokenry.Server.Features.Revocation;
using Tokenry.Server.Features.Roles;
using Tokenry.Server.Features.SignIn;
using Tokenry.Server.Features.SigningKeys;
using Tokenry.Server.Features.Usage;
using Tokenry.Server.Features.Users;
using Tokenry.Server.Platform.Console;

namespace Tokenry.Server.Composition;

/// <summary>Puts the pages together. A server with <c>Tokenry:Console:Enabled=false</c> calls nothing of this.</summary>
internal static class Pages
{
    public static IServiceCollection AddPages(this IServiceCollection services) =>
        services
            .AddConsole()
            .AddSingleton<GrantableScopes>()
            .AddSingleton<GrantableRoles>()
            .AddSingleton<LimitsOfForms>()
            .AddSingleton<CredentialForms>()
            .AddSingleton<OwnerNames>()
            .AddSingleton<CredentialOperations>()
            .AddSingleton<CredentialPages>()
            .AddHolderPages()
            .AddOverviewPages()
            .AddNoticePages()
            .AddPersonalAccessTokenPages()
            .AddApiResourcePages()
            .AddRolePages()
            .AddUserPages()
            .AddSingleton<SignInOfUserView>()
            .AddApplicationPages()
            .AddOrganizationPages()
            .AddPolicyPages()
            .AddApprovalPages()
            .AddRoleRequestPages()
            .AddCredentialPages()
            .AddUsagePages()
            .AddAccessLogPages()
            .AddAuditPages()
            .AddReportPages()
            .AddSettingsPages()
            .AddSigningKeyPages();

    public static void UsePages(this IApplicationBuilder app)
    {
        app.UseMiddleware<SessionAuthentication>();
        app.UseMiddleware<FormGuard>();
    }

    public static void MapPages(this IEndpointRouteBuilder app)
    {
        app.MapConsole();
        app.MapSignInPages();
        app.MapSecurityPages();
        app.MapSecondFactorPages();
        app.MapPasskeyPages();
        app.MapSignInOfUserPages();
        app.MapProviderPages();
        app.MapHolderPages();
        app.MapLeakPages();
        app.MapOverviewPages();
        app.MapNoticePages();
        app.MapPersonalAccessTokenPages();
        app.MapApiResourcePages();
        app.MapNewApiPages();
        app.MapGuidePages();
        app.MapRolePages();
        app.MapUserPages();
        app.MapApplicationPages();
        app.MapClientSecretPages();
        app.MapApiKeyPages();
        app.MapOrganizationPages();
        app.MapPolicyPages();
        app.MapApprovalPages();
        app.MapRoleRequestPages();
        app.MapCredentialPages();
        app.MapUsagePages();
        app.MapAccessLogPages();
        app.MapAuditPages();
        app.MapReportPages();
        app.MapSettingsPages();
        app.MapSigningKeyPages();
    }
}
