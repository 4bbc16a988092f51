using Microsoft.AspNetCore.Components;

namespace Tokenry.Server.Platform.Console;

/// <summary>What the layout and every part of a page know about the request. It cascades.</summary>
public sealed class PageFrame
{
    public required Texts Texts { get; init; }

    public required string Title { get; init; }

    public required IReadOnlyList<Crumb> Trail { get; init; }

    public required DateTimeOffset Now { get; init; }

    /// <summary><c>light</c>, <c>dark</c>, or empty = as the browser prefers.</summary>
    public required string Theme { get; init; }

    /// <summary>The address of the page below the base, without a query.</summary>
    public required string Address { get; init; }

    /// <summary>The path that all addresses of the server are below; ends with a slash.</summary>
    public required string BasePath { get; init; }

    /// <summary>The address at which programs reach the server.</summary>
    public required string Issuer { get; init; }

    /// <summary>The value that every form must send back; see <see cref="FormGuard"/>.</summary>
    public required string FormToken { get; init; }

    public Viewer? Viewer { get; init; }

    /// <summary>What needs the viewer's attention; <c>null</c> = nothing does.</summary>
    public Banner? Banner { get; init; }

    public required IReadOnlyList<NavigationEntry> Navigation { get; init; }

    public required ConsoleAssets Assets { get; init; }

    /// <summary>Whether the viewer may do any of this; false without a viewer.</summary>
    public bool May(params IReadOnlyList<string> scopes) => Viewer?.MayAnyOf(scopes) == true;
}

/// <summary>A component that knows its frame.</summary>
public abstract class ConsolePart : ComponentBase
{
    [CascadingParameter]
    public PageFrame Frame { get; set; } = null!;

    protected Texts T => Frame.Texts;
}

/// <summary>A whole page. Its view gives it the title; the layout is <c>ConsoleLayout</c> unless the page names another.</summary>
public abstract class ConsolePage : ConsolePart;
