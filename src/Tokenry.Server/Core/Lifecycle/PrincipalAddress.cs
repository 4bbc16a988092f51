using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Core.Lifecycle;

/// <summary>Which principal a route names: an id of a type.</summary>
/// <param name="Type">One of <see cref="PrincipalType"/>.</param>
/// <param name="Id">The id as in the request.</param>
public sealed record PrincipalAddress(string Type, string Id)
{
    private static readonly Demand WriteUsers = new(ManagementApi.UsersWrite);
    private static readonly Demand WriteApplications = new(ManagementApi.ApplicationsWrite, ManagementApi.ApplicationsOwn)
    {
        OrganizationScope = ManagementApi.OrganizationApplications,
    };

    private static readonly Demand ReadUsers = new(ManagementApi.UsersRead);
    private static readonly Demand ReadApplications = new(ManagementApi.ApplicationsRead, ManagementApi.ApplicationsOwn)
    {
        OrganizationScope = ManagementApi.OrganizationRead,
    };

    /// <summary>Whether it is a user.</summary>
    public bool IsUser => Type == PrincipalType.User;

    /// <summary>The scopes a caller needs to change it.</summary>
    public Demand Write => IsUser ? WriteUsers : WriteApplications;

    /// <summary>The scopes a caller needs to see it.</summary>
    public Demand Read => IsUser ? ReadUsers : ReadApplications;

    /// <summary>The id, if it is a well-formed one of this type.</summary>
    /// <exception cref="ProblemException">404: it is not.</exception>
    public string RequiredId => PublicId.IsWellFormed(Id, IsUser ? "usr" : "app") ? Id : throw ProblemException.NotFound();

    /// <summary>A user.</summary>
    public static PrincipalAddress User(string id) => new(PrincipalType.User, id);

    /// <summary>An application.</summary>
    public static PrincipalAddress Application(string id) => new(PrincipalType.Application, id);
}
