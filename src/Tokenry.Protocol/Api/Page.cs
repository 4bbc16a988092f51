namespace Tokenry.Protocol.Api;

/// <summary>One page of a list.</summary>
/// <param name="Items">At most <c>limit</c> items.</param>
/// <param name="NextCursor">Where the next page starts; <c>null</c> on the last.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor);
