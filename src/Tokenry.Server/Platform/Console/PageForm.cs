using System.Reflection;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Platform.Console;

/// <summary>The form that a page received, after <see cref="FormGuard"/> let it pass.</summary>
public sealed class PageForm(FormParameters form) : IBindableFromHttpContext<PageForm>
{
    /// <summary>A form that no person has filled in yet.</summary>
    public static readonly PageForm Empty = new(FormParameters.None);

    /// <summary>The value of a field, without space around it; <c>null</c> if it is absent or empty.</summary>
    public string? this[string name] => form[name]?.Trim() is { Length: > 0 } text ? text : null;

    /// <summary>The value of a field exactly as typed, for a password; empty if it is absent.</summary>
    public string AsTyped(string name) => form[name] ?? "";

    public IReadOnlyList<string> All(string name) => form.All(name);

    /// <summary>The lines of a field; <c>null</c> if it has none.</summary>
    public IReadOnlyList<string>? Lines(string name) =>
        this[name]?.Split(['\n', ' ', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is { Length: > 0 } lines
            ? lines
            : null;

    public static ValueTask<PageForm?> BindAsync(HttpContext context, ParameterInfo parameter) =>
        ValueTask.FromResult((PageForm?)context.Features[typeof(PageForm)]);
}
