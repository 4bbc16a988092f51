using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Credentials;
using Tokenry.Server.Core.Lifecycle;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Policies;

/// <summary>The pages of a policy: the rules, the form, the preview.</summary>
internal sealed class PolicyView(ShowPolicy show, RevisePolicy revise, PreviewPolicy breaking, OwnerNames names, CatalogCache catalogs)
{
    private const string Title = "policy.title";

    /// <param name="caller">The caller.</param>
    /// <param name="id">The organization in the address; <c>null</c> = none.</param>
    public async Task<IResult> PageAsync(Caller caller, string? id)
    {
        var organizationId = id ?? caller.OrganizationId;
        var policy = await show.RunAsync(caller, organizationId);
        return new View<PolicyPage>(Title)
        {
            Trail = await TrailAsync(caller, id),
            ["Policy"] = policy,
            ["Roles"] = await RolesAsync(),
            ["Organization"] = await NameAsync(caller, organizationId),
            ["Address"] = Address(id),
        };
    }

    /// <summary>The form with the rules as they are.</summary>
    /// <inheritdoc cref="PageAsync"/>
    public async Task<IResult> EditAsync(Caller caller, string? id)
    {
        var policy = await show.RunAsync(caller, id ?? caller.OrganizationId);
        return PolicyPages.Writes.Any(caller.Management.Contains)
            ? await FormAsync(caller, id, PolicyForm.Of(policy))
            : throw Core.Access.Problems.InsufficientScope(
                ManagementApi.Identifier,
                [caller.OrganizationId is null ? ManagementApi.PoliciesWrite : ManagementApi.OrganizationPolicy]
            );
    }

    /// <summary>The form with the rules that the person proposes, and the credentials that break them.</summary>
    /// <inheritdoc cref="PageAsync"/>
    public async Task<IResult> PreviewAsync(Caller caller, string? id, PageForm form)
    {
        var proposed = PolicyForm.Of(form);
        try
        {
            var listing = form["cursor"] is { } cursor ? Listing.Of(("cursor", cursor)) : Listing.Of();
            var breaches = await breaking.RunAsync(caller, id ?? caller.OrganizationId, proposed.Rules(), listing);
            return await FormAsync(caller, id, proposed, new PolicyPreview(breaches, IsLater: listing.Cursor is not null));
        }
        catch (ProblemException refusal) when (refusal is { IsForForm: true, MissingScopes: null })
        {
            return await FormAsync(caller, id, proposed, refusal: refusal);
        }
    }

    /// <summary>Saves the rules.</summary>
    /// <inheritdoc cref="PageAsync"/>
    public Task<IResult> SaveAsync(Caller caller, string? id, PageForm form)
    {
        var proposed = PolicyForm.Of(form);
        return PageChange.RunAsync(
            Address(id),
            () =>
            {
                var rules = proposed.Rules();
                return revise.RunAsync(
                    caller,
                    id ?? caller.OrganizationId,
                    new PolicyPatch
                    {
                        MaxLifetimes = new(rules.MaxLifetimes),
                        ExpiryRequired = new(rules.ExpiryRequired),
                        MaxTokensPerUser = new(rules.MaxTokensPerUser),
                        ForbiddenKinds = new(rules.ForbiddenKinds),
                        AllowedNetworks = new(rules.AllowedNetworks),
                        Recoverable = new(rules.Recoverable),
                        InvitedAccounts = new(rules.InvitedAccounts),
                        ApprovalRequired = new(rules.ApprovalRequired),
                    }
                );
            },
            refusal => FormAsync(caller, id, proposed, refusal: refusal)
        );
    }

    private async Task<IResult> FormAsync(
        Caller caller,
        string? id,
        PolicyForm form,
        PolicyPreview? preview = null,
        ProblemException? refusal = null
    ) =>
        new View<EditPolicyPage>("policy.edit")
        {
            Status = refusal?.Status ?? StatusCodes.Status200OK,
            Trail = [.. await TrailAsync(caller, id), new Crumb(Title, Address(id))],
            ["Form"] = form,
            ["Kinds"] = CredentialPolicies.Kinds,
            ["Roles"] = await RolesAsync(),
            ["Address"] = Address(id),
            ["Preview"] = preview,
            ["Owners"] = await names.OfAsync(caller, preview?.Breaches.Items.Select(breach => breach.Owner.Id) ?? []),
            ["Organization"] = await NameAsync(caller, id ?? caller.OrganizationId),
            ["Refusal"] = refusal,
        };

    /// <summary>The names of all roles by their ids.</summary>
    private async Task<IReadOnlyDictionary<string, string>> RolesAsync() =>
        (await catalogs.GetAsync()).Roles.ToDictionary(role => role.Id, role => role.Name, StringComparer.Ordinal);

    private async Task<string?> NameAsync(Caller caller, string? organizationId) =>
        organizationId is null ? null : (await names.OfAsync(caller, [organizationId])).GetValueOrDefault(organizationId, organizationId);

    private async Task<IReadOnlyList<Crumb>> TrailAsync(Caller caller, string? id) =>
        id is null || caller.OrganizationId is not null
            ? []
            : [new("organizations.title", "organizations"), new((await NameAsync(caller, id))!, $"organizations/{id}")];

    private static string Address(string? id) => id is null ? "policy" : $"organizations/{Uri.EscapeDataString(id)}/policy";
}

/// <summary>A page of the credentials that break proposed rules.</summary>
/// <param name="Breaches">The credentials.</param>
/// <param name="IsLater">Whether this is not the first page.</param>
public sealed record PolicyPreview(Page<PolicyBreach> Breaches, bool IsLater);
