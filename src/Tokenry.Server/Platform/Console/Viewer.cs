namespace Tokenry.Server.Platform.Console;

/// <summary>The signed-in person that a page is rendered for; a feature of the request.</summary>
/// <param name="Id"><c>usr_…</c></param>
/// <param name="Name">A name for people.</param>
/// <param name="Scopes">What this person may do at the management API now; the navigation shows only what they may open.</param>
public sealed record Viewer(string Id, string Name, IReadOnlySet<string> Scopes)
{
    /// <summary>The organization in which the person acts; <c>null</c> = in none: the whole server.</summary>
    public ViewerOrganization? Organization { get; init; }

    /// <summary>The organizations in which the person can act.</summary>
    public IReadOnlyList<ViewerOrganization> Organizations { get; init; } = [];

    public static Viewer? Of(HttpContext context) => (Viewer?)context.Features[typeof(Viewer)];

    public bool MayAnyOf(IReadOnlyList<string> scopes) => scopes.Count == 0 || scopes.Any(Scopes.Contains);
}

/// <summary>An organization, as the frame of a page shows it.</summary>
/// <param name="Id"><c>org_…</c></param>
/// <param name="Name">A name for people.</param>
public sealed record ViewerOrganization(string Id, string Name);
