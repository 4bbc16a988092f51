using Tokenry.Protocol.Api;
using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Sessions;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Features.Roles;

/// <summary>The page of a role, and what its forms do.</summary>
internal sealed class RoleView(ListRoles list, ReviseRole revise, GrantableScopes scopes, FreshAuthentication fresh)
{
    /// <summary>Rights change only after a fresh proof of who the person is.</summary>
    public void RequireFresh(Caller caller) => fresh.Require(caller);

    /// <param name="caller">The caller.</param>
    /// <param name="id">The role.</param>
    /// <param name="sent">The form that was refused.</param>
    /// <param name="refusal">Why; <c>null</c> = none was.</param>
    public async Task<IResult> PageAsync(Caller caller, string id, PageForm? sent = null, ProblemException? refusal = null)
    {
        var role = await list.ShowAsync(caller, id);
        var apis = await scopes.OfRoleAsync(caller);
        return new View<RolePage>(RoleTexts.TitleOf(role.Id, role.Name))
        {
            Status = refusal?.Status ?? StatusCodes.Status200OK,
            Trail = [RolePages.List],
            ["Role"] = role,
            ["Form"] = sent is null
                ? new RoleForm(apis, role.Name, role.Description, ScopeAt.Values(role.Permissions), refusal)
                {
                    IsRequestable = role.Requestable,
                }
                : Sent(apis, sent, refusal),
        };
    }

    /// <summary>The fields of a form for a role, with what the person sent.</summary>
    public async Task<RoleForm> FieldsAsync(Caller caller, PageForm sent, ProblemException? refusal) =>
        Sent(await scopes.OfRoleAsync(caller), sent, refusal);

    public Task<IResult> ReviseAsync(Caller caller, string id, PageForm form) =>
        PageChange.RunAsync(
            $"{RolePages.List.Address}/{id}",
            () =>
            {
                fresh.Require(caller);
                return revise.RunAsync(
                    caller,
                    id,
                    new RolePatch
                    {
                        Name = new(form["name"]),
                        Description = new(form["description"]),
                        Permissions = new(ScopeAt.Permissions(form.All("scope"))),
                        Requestable = new(form["requestable"] is not null),
                    }
                );
            },
            refusal => PageAsync(caller, id, form, refusal)
        );

    public async Task<IResult> DeleteAsync(Caller caller, string id)
    {
        var done = false;
        var answer = await PageChange.RunAsync(
            $"{RolePages.List.Address}/{id}",
            async () =>
            {
                fresh.Require(caller);
                await revise.DeleteAsync(caller, id);
                done = true;
            },
            refusal => PageAsync(caller, id, sent: null, refusal)
        );
        return done ? new Redirect(RolePages.List.Address) : answer;
    }

    private static RoleForm Sent(IReadOnlyList<ApiChoice> apis, PageForm form, ProblemException? refusal) =>
        new(apis, form["name"], form["description"], form.All("scope").ToHashSet(StringComparer.Ordinal), refusal)
        {
            IsRequestable = form["requestable"] is not null,
        };
}

/// <summary>What a form for a role shows and holds.</summary>
/// <param name="Apis">The APIs and scopes that it offers.</param>
/// <param name="Name">The name.</param>
/// <param name="Description">Text for the person who gives the role.</param>
/// <param name="Chosen">The chosen scopes, as values of the field.</param>
/// <param name="Refusal">Why the last attempt was refused; <c>null</c> = none was.</param>
public sealed record RoleForm(
    IReadOnlyList<ApiChoice> Apis,
    string? Name,
    string? Description,
    IReadOnlySet<string> Chosen,
    ProblemException? Refusal
)
{
    /// <summary>Whether every user may see it and ask for it.</summary>
    public bool IsRequestable { get; init; }

    /// <summary>What is wrong with a member of the request.</summary>
    public IReadOnlyList<FieldFault> FaultsOf(string member) =>
        Refusal
            ?.Errors?.Where(fault =>
                fault.Key == member
                || fault.Key.StartsWith(member + "[", StringComparison.Ordinal)
                || fault.Key.StartsWith(member + ".", StringComparison.Ordinal)
            )
            .SelectMany(fault => fault.Value)
            .ToList()
        ?? [];
}
