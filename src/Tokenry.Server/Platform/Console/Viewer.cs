namespace Tokenry.Server.Platform.Console;

/// <summary>The signed-in person that a page is rendered for; a feature of the request.</summary>
/// <param name="Id"><c>usr_…</c></param>
/// <param name="Name">A name for people.</param>
/// <param name="Scopes">What this person may do at the management API now; the navigation shows only what they may open.</param>
public sealed record Viewer(string Id, string Name, IReadOnlySet<string> Scopes)
{
    public static Viewer? Of(HttpContext context) => (Viewer?)context.Features[typeof(Viewer)];

    public bool MayAnyOf(IReadOnlyList<string> scopes) => scopes.Count == 0 || scopes.Any(Scopes.Contains);
}
