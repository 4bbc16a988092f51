namespace Tokenry.Protocol.Api;

/// <summary>One page of a list.</summary>
/// <param name="Items">At most <c>limit</c> items.</param>
/// <param name="NextCursor">The cursor of the next page; <c>null</c> on the last page.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor);
