namespace BillingJob.Rungs;

/// <summary>One way for the job to be let in.</summary>
internal interface IRung
{
    /// <summary>What the command line calls it.</summary>
    string Name { get; }

    /// <summary>Why it is out of reach here, job or server lacking something; null where it is not.</summary>
    string? Obstacle { get; }

    /// <summary>Whether the request must go out on a connection with the job's certificate.</summary>
    bool PresentsCertificate => false;

    /// <summary>Puts on the request what lets it in.</summary>
    /// <exception cref="TokenRefused">There is no token to be had so.</exception>
    Task AuthorizeAsync(HttpRequestMessage request);
}
