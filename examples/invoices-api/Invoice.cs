namespace InvoicesApi;

/// <summary>One invoice.</summary>
internal sealed record Invoice(string Id, string Customer, decimal Amount);
