namespace Tokenry.Server.Platform.Http;

/// <summary>A text of the pages, which a page shows in its language.</summary>
/// <param name="Key">Its key in the files of texts.</param>
/// <param name="Values">The values in it.</param>
public readonly record struct PageText(string Key, params (string Name, object Value)[] Values);
